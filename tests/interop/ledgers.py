"""Ledgers to test with, made by the program itself in a temporary folder, and the bundles of everything in them."""

import base64
import hashlib
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("HERDBOOK", ROOT / "target/debug/herdbook"))
FAMILIES = {
    "alpaca": "alpaca/lineage.yaml", "alpaca-with-gaps": "alpaca/seeds-unresolved.yaml", "gsm8k": "pipelines/gsm8k/lineage.yaml",
    "process-supervision": "pipelines/process-supervision/lineage.yaml",
    "ai-judge-vicuna": "pipelines/ai-judge-vicuna/lineage.yaml",
    "training-recipes": "pipelines/training-recipes/lineage.yaml",
}


def run(*arguments, home, cwd, expect=None):
    """Runs the program; the answer is parsed where it was asked for as JSON."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HERDBOOK")}
    done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd, capture_output=True, text=True,
                          env=environment | {"HERDBOOK_HOME": str(home)}, check=False)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"herdbook {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.returncode, json.loads(done.stdout) if "--json" in arguments and done.stdout else done.stdout


def key_id(raw):
    return hashlib.sha256(raw).hexdigest()


def raw_log_key(text):
    return base64.b64decode(text)[1:]


def log_entries(ledger):
    """The entries of a log as anybody reads them: from the entry bundles of its widest tiles (docs/formats/tiles-and-checkpoint.md)."""
    tiles = {}
    for path in (ledger / "log/tile/entries").rglob("*"):
        if path.is_file():
            place = path.relative_to(ledger).as_posix().split(".p/")[0]
            tiles[place] = max(tiles.get(place, b""), path.read_bytes(), key=len)
    found = []
    for _, data in sorted(tiles.items()):
        while data:
            size = int.from_bytes(data[:2], "big")
            found.append(data[2:2 + size])
            data = data[2 + size:]
    return found


class Ledger:
    def __init__(self, folder, home, name):
        self.folder, self.home, self.name = folder, home, name

    def run(self, *arguments, expect=None):
        return run(*arguments, home=self.home, cwd=self.folder, expect=expect)

    def trust_root(self):
        path = self.folder / "interop-trust-root.json"
        if not path.exists():
            self.run("key", "trust-root", "-o", path.name, expect=0)
        return path

    def models(self):
        """Names of models and shards, models first."""
        items = {(item["kind"] != "model", item["name"]) for item in self.run("list", "--json", expect=0)[1]["items"]
                 if item["kind"] in ("model", "shard")}
        return [name for _, name in sorted(items)]

    def bundles(self, names=None):
        """Writes a bundle of each item and yields its path."""
        for name in names or self.models():
            path = self.folder / f"{name}.bundle.tar".replace(" ", "-")
            code, _ = self.run("bundle", name, "-o", path)
            if path.exists():
                yield path
            elif code not in (20, 21, 22):
                raise AssertionError(f"no bundle of {name} of {self.name}: {code}")


def make(folder):
    """Yields a ledger of each lineage file, and those of the demonstration with its attempts to cheat."""
    home = folder / "home"
    for name, file in FAMILIES.items():
        place = folder / name
        place.mkdir()
        source = ROOT / "fixtures" / file
        run("init", "--origin", f"example.org/{name}", home=home, cwd=place, expect=0)
        text = source.read_text()
        (place / source.name).write_text(text)
        run("register", source.name, home=home, cwd=place, expect=0)
        yield Ledger(place, home, name)
    run("demo", "--keep", folder / "demo", home=home, cwd=folder, expect=0)
    for place in sorted((folder / "demo").iterdir()):
        if (place / ".herdbook").is_dir():
            yield Ledger(place, place / "home", f"demo-{place.name}")
