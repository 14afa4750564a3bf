"""The second verifier says what the program says, of every attack and of every ledger that can be made here."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import ledgers
from evidence import check
from primitives import parse
from verify_bundle import VERDICTS, container, judge, verdict

ATTACKS = ledgers.ROOT / "fixtures/attacks"
VERIFIER = ("primitives", "evidence", "keys", "rules", "notices", "verify_bundle")
LINES_MAX = 870  # every line counts
WIDTH_MAX = 140
MODELS = {
    "alpaca": ("alpaca-7b", "alpaca-13b", "code-alpaca-2k"), "alpaca-with-gaps": None, "gsm8k": None,
    "process-supervision": None, "ai-judge-vicuna": None, "training-recipes": None,
}
ITEMS_MAX = 3


def trust_root(path):
    return check(parse(path.read_bytes(), exact=False), "trust_root")


def options(folder, told):
    """What the command of an attack demands beyond the trust root; a bundle that was judged before is remembered by its checkpoint."""
    found, words = {}, told["command"][4:]
    for option, value in zip(words[::2], words[1::2]):
        if option == "--newer":
            found["newer"] = (folder / value).read_bytes()
        elif option == "--with":
            found["disclosed"] = (folder / value).read_bytes()
        elif option == "--min-size":
            found["min_size"] = int(value)
    for before in told.get("before", []):
        found["newer"] = dict(container((folder / before["command"][1]).read_bytes()))["checkpoint"]
    return found


class Attacks(unittest.TestCase):
    def test_every_attack_has_the_same_verdict_and_findings(self):
        folders = [path.parent for path in sorted(ATTACKS.glob("*/bundle.tar"))]
        for folder in folders:
            told = json.loads((folder / "attack.json").read_text())
            with self.subTest(folder.name):
                findings = judge((folder / "bundle.tar").read_bytes(), trust_root(folder / "trust-root.json"),
                                 **options(folder, told))
                self.assertEqual(verdict(findings), told["verdict"], findings)
                self.assertEqual(sorted(findings), told["findings"], findings)
        print(f"{len(folders)} attack bundles", file=sys.stderr)

    def test_its_exit_code_is_the_programs(self):
        for folder in [path.parent for path in sorted(ATTACKS.glob("*/bundle.tar"))][::20]:
            told = json.loads((folder / "attack.json").read_text())
            done = subprocess.run([sys.executable, pathlib.Path(__file__).with_name("verify_bundle.py"), folder / "bundle.tar",
                                   "--trust-root", folder / "trust-root.json"], capture_output=True, text=True, check=False)
            if told["command"][4:] or told.get("before"):
                continue
            self.assertEqual((done.returncode, json.loads(done.stdout)["verdict"]), (told["exit"], told["verdict"]), folder.name)

    def test_it_is_small_enough_to_be_read(self):
        code = [line for name in VERIFIER for line in pathlib.Path(__file__).with_name(f"{name}.py").read_text().splitlines()]
        self.assertLess(len(code), LINES_MAX)
        self.assertLessEqual(max(map(len, code)), WIDTH_MAX)


class Ledgers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def test_every_bundle_of_a_real_ledger_has_the_same_verdict_and_findings(self):
        count, verdicts, bundle = 0, set(), b""
        for ledger in ledgers.make(self.folder):
            trust, items = trust_root(ledger.trust_root()), MODELS.get(ledger.name) or ledger.models()[:ITEMS_MAX]
            for path in ledger.bundles(items):
                code, told = ledger.run("verify-bundle", path, "--trust-root", ledger.trust_root(), "--json")
                with self.subTest(f"{ledger.name} {path.name}"):
                    findings = judge(path.read_bytes(), trust)
                    self.assertEqual(verdict(findings), told["verdict"], findings)
                    self.assertEqual(VERDICTS[verdict(findings)], code)
                    fails = {finding["code"] for finding in told["findings"] if finding["severity"] == "fails"}
                    self.assertEqual(set(findings), fails)
                    count, bundle = count + 1, path.read_bytes() if told["verdict"] == "traced" else bundle
                    verdicts.add(told["verdict"])
        print(f"{count} bundles of real ledgers", file=sys.stderr)
        self.assertLessEqual({"traced", "not_traced"}, verdicts)
        self.assertNotEqual(verdict(judge(bundle, {**trust, "genesis": "0" * 64})), "traced")

    def test_no_flipped_bit_is_traced(self):
        home = self.folder / "flips"
        home.mkdir()
        ledgers.run("demo", "--keep", home / "demo", home=home, cwd=home, expect=0)
        ledger = ledgers.Ledger(home / "demo/garden", home / "demo/garden/home", "demo")
        path, trust = next(ledger.bundles(["garden-helper"])), trust_root(ledger.trust_root())
        bundle = path.read_bytes()
        self.assertEqual(judge(bundle, trust), set())
        for at in range(7, len(bundle), 997):
            flipped = bundle[:at] + bytes([bundle[at] ^ 1 << at % 8]) + bundle[at + 1:]
            self.assertNotEqual(verdict(judge(flipped, trust)), "traced", f"byte {at}")


if __name__ == "__main__":
    unittest.main()
