"""The program at work in a temporary folder: a ledger with one pipeline in it, and what it answers."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("HERDBOOK", ROOT / "target/debug/herdbook"))


class Ledger:
    def __init__(self, folder, lineage):
        self.folder = pathlib.Path(folder)
        self.run("init", "--origin", "oracle.example/pipelines")
        self.run("register", lineage)
        listed = self.json("log", "--oldest-first", "--limit", "100000")["entries"]
        self.ids = [entry["id"] for entry in listed]
        self.path = self.folder / ".herdbook"

    def run(self, *arguments, expect=(0,)):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HERDBOOK")}
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              env=environment | {"HERDBOOK_HOME": str(self.folder / "home")}, check=False)
        if done.returncode not in expect:
            raise AssertionError(f"herdbook {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *arguments, expect=(0,)):
        return json.loads(self.run(*arguments, "--json", expect=expect))
