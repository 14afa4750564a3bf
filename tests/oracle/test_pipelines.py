"""Of each of the seven pipelines: what the definitions give in every world, and what the program says."""

import pathlib
import shutil
import sys
import tempfile
import unittest
from fractions import Fraction

from definitions import CLASSES, Descent, worlds
from lineage import graph_of
from program import ROOT, Ledger

SEVEN = ("rlaif", "process-supervision", "orca-math", "constitutional-ai", "crowdsourced", "code-corpus", "base-specialist")
JUDGED = (0, 21, 22, 23)


def interval(told):
    """A share as the program writes it: exact, or from low to high."""
    if told.get("exact") is not None:
        return Fraction(told["exact"]), Fraction(told["exact"])
    return tuple(bound(told[end]) for end in ("low", "high"))


def bound(told):
    return Fraction(told["exact"] if isinstance(told, dict) else told)


class Pipelines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.ledgers = {}
        for name in SEVEN:
            (cls.folder / name).mkdir()
            ledger = Ledger(cls.folder / name, ROOT / f"fixtures/pipelines/{name}/lineage.yaml")
            cls.ledgers[name] = (ledger, graph_of(ledger.path, ledger.ids))

    def models(self):
        """Every model and shard that a run made, of every pipeline."""
        for name, (ledger, graph) in self.ledgers.items():
            for identity, (kind, predicate) in list(graph.found.items()):
                for number, output in enumerate(predicate["outputs"] if kind == "run" else []):
                    yield name, ledger, graph, (identity, number), output["name"]

    def test_boundaries_are_those_of_every_world(self):
        compared = 0
        for name, ledger, graph, key, output in self.models():
            with self.subTest(f"{name}: {output}"):
                told = ledger.json("verify", output, expect=JUDGED)["boundary"]
                found = [Descent(graph.node, world, key).boundary() for world in worlds(graph, key)]
                for each in CLASSES:
                    low, high = min(one[each] for one in found), max(one[each] for one in found)
                    self.assertEqual(interval(told[each]), (low, high), each)
                compared += 1
        print(f"{compared} boundaries", file=sys.stderr)
