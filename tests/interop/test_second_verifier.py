"""The second verifier gives the verdict and the exit code of the program, for every attack and for every ledger that can be made here."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import blake3
    import nacl
except ImportError as error:
    raise unittest.SkipTest(f"SECOND VERIFIER NOT RUN: {error}") from error

import ledgers
from formats import check, container, parse
from verify_bundle import VERDICTS, judge

ATTACKS = ledgers.ROOT / "fixtures/attacks"
VERIFIER = [pathlib.Path(__file__).with_name(f"{name}.py") for name in ("formats", "lineage", "verify_bundle")]
LINES_MAX = 600  # every line counts
WIDTH_MAX = 140
MODELS = {
    "alpaca": ("alpaca-7b", "alpaca-13b", "code-alpaca-2k"), "alpaca-with-gaps": None, "gsm8k": None,
    "process-supervision": None, "ai-judge-vicuna": None, "training-recipes": None,
}
ITEMS_MAX = 3


def trust_root(path):
    return check(parse(path.read_bytes(), exact=False), "trust_root")


class Attacks(unittest.TestCase):
    def test_every_attack_has_the_same_verdict_and_exit_code(self):
        """It is run as the program is, with the options of the attack. A bundle that was judged before is remembered by its checkpoint."""
        temporary = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, temporary)
        folders = [path.parent for path in sorted(ATTACKS.glob("*/bundle.tar"))]
        for folder in folders:
            told = json.loads((folder / "attack.json").read_text())
            command = [sys.executable, VERIFIER[-1], *told["command"][1:]]
            for before in told.get("before", []):
                seen = dict(container((folder / before["command"][1]).read_bytes()))["checkpoint"]
                (temporary / folder.name).write_bytes(seen)
                command += ["--newer", temporary / folder.name]
            with self.subTest(folder.name):
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
                self.assertEqual(done.stderr, "")
                answer = json.loads(done.stdout)
                self.assertEqual((answer["verdict"], done.returncode), (told["verdict"], told["exit"]), answer["why"])
        print(f"{len(folders)} attack bundles", file=sys.stderr)
        self.assertGreater(len(folders), 190)

    def test_it_is_small_enough_to_be_read(self):
        code = [line for path in VERIFIER for line in path.read_text().splitlines()]
        self.assertLess(len(code), LINES_MAX)
        self.assertLessEqual(max(map(len, code)), WIDTH_MAX)


class Ledgers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def test_every_bundle_of_a_real_ledger_has_the_same_verdict(self):
        count, verdicts, bundle = 0, set(), b""
        for ledger in ledgers.make(self.folder):
            trust, items = trust_root(ledger.trust_root()), MODELS.get(ledger.name) or ledger.models()[:ITEMS_MAX]
            for path in ledger.bundles(items):
                code, told = ledger.run("verify-bundle", path, "--trust-root", ledger.trust_root(), "--json")
                with self.subTest(f"{ledger.name} {path.name}"):
                    verdict, why = judge(path.read_bytes(), trust)
                    self.assertEqual((verdict, VERDICTS[verdict]), (told["verdict"], code), why)
                    count, bundle = count + 1, path.read_bytes() if told["verdict"] == "traced" else bundle
                    verdicts.add(told["verdict"])
        print(f"{count} bundles of real ledgers", file=sys.stderr)
        self.assertLessEqual({"traced", "not_traced"}, verdicts)
        self.assertEqual(judge(bundle, {**trust, "genesis": "0" * 64})[0], "tampered")

    def test_no_flipped_bit_is_traced(self):
        home = self.folder / "flips"
        home.mkdir()
        ledgers.run("demo", "--keep", home / "demo", home=home, cwd=home, expect=0)
        ledger = ledgers.Ledger(home / "demo/garden", home / "demo/garden/home", "demo")
        path, trust = next(ledger.bundles(["garden-helper"])), trust_root(ledger.trust_root())
        bundle = path.read_bytes()
        self.assertEqual(judge(bundle, trust), ("traced", set()))
        for at in range(7, len(bundle), 997):
            flipped = bundle[:at] + bytes([bundle[at] ^ 1 << at % 8]) + bundle[at + 1:]
            self.assertNotEqual(judge(flipped, trust)[0], "traced", f"byte {at}")


if __name__ == "__main__":
    unittest.main()
