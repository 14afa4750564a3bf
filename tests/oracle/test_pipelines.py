"""Of each of the seven pipelines, and of cases that they have not: what the definitions give in every world, and what the program says."""

import pathlib
import shutil
import sys
import tempfile
import unittest
from fractions import Fraction

from contamination import Ancestry, evaluation_sets, levels
from definitions import CLASSES, Descent, self_consumption, stage_worlds, worlds
from lineage import graph_of
from program import ROOT, Ledger

SEVEN = ("rlaif", "process-supervision", "orca-math", "constitutional-ai", "crowdsourced", "code-corpus", "base-specialist")
JUDGED = (0, 21, 22, 23)


def interval(told):
    """A quantity as the program writes it: exact, or from low to high, which may have no end."""
    if told.get("exact") is not None:
        return Fraction(told["exact"]), Fraction(told["exact"])
    return tuple(bound(told[end]) for end in ("low", "high"))


def bound(told):
    return told if told is None else Fraction(told["exact"] if isinstance(told, dict) else told)


def ends(values):
    values = [value for value in values if value is not None]
    return (min(values), max(values)) if values else None


class Pipelines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.ledgers = {}
        files = {name: ROOT / f"fixtures/pipelines/{name}/lineage.yaml" for name in SEVEN}
        files["cases"] = pathlib.Path(__file__).with_name("cases.yaml")
        for name, file in files.items():
            (cls.folder / name).mkdir()
            ledger = Ledger(cls.folder / name, file)
            cls.ledgers[name] = (ledger, graph_of(ledger.path, ledger.ids))

    def outputs(self, kinds):
        """Every model and shard that a run made, of every pipeline."""
        for name, (ledger, graph) in self.ledgers.items():
            for identity, (kind, predicate) in list(graph.found.items()):
                for number, output in enumerate(predicate["outputs"] if kind == "run" else []):
                    if output["kind"] in kinds:
                        yield name, ledger, graph, (identity, number), output["name"]

    def test_boundaries_are_those_of_every_world(self):
        compared = 0
        for name, ledger, graph, key, output in self.outputs(("model", "shard")):
            with self.subTest(f"{name}: {output}"):
                told = ledger.json("verify", output, expect=JUDGED)["boundary"]
                found = [Descent(graph.node, world, key).boundary() for world in worlds(graph, key)]
                for each in CLASSES:
                    self.assertEqual(interval(told[each]), ends(one[each] for one in found), each)
                compared += 1
        print(f"{compared} boundaries", file=sys.stderr)

    def shares(self, told, found, what):
        """A share: its ends are the least and the most of all worlds."""
        self.assertEqual(interval(told) if told else (0, 0), ends(found), what)

    def holds(self, told, found, what):
        """What is no sum of weights: every world lies between its ends, and a single one is told exactly."""
        found = ends(found)
        if found is None or told is None:
            self.assertEqual((told, found), (None, None), what)
            return
        low, high = interval(told)
        self.assertTrue(low <= found[0] and (high is None or found[1] <= high), f"{what}: {low} to {high}, and {found}")
        if (low, high) != found:
            self.assertNotEqual(low, high, what)
            self.wide.append(what)

    def measures(self, told, graph, found):
        for what, value in (("synthetic_fraction", Descent.synthetic_fraction), ("ai_enriched_fraction", Descent.ai_enriched_fraction),
                            ("coverage", Descent.coverage)):
            self.shares(told[what], [value(one) for one in found], what)
        most = max(one.synthetic_fraction_at_most() for one in found)
        self.assertEqual(bound(told["synthetic_fraction_at_most"]), most, "synthetic at most")
        for depth, stated in enumerate(told["fresh_real"]):
            self.holds(stated, [one.fresh_real().get(depth) for one in found], f"fresh at {depth}")
        depths = sorted({depth for one in found for depth in one.generations()})
        for depth in range(max(len(told["generations"]), depths[-1] + 1)):
            stated = told["generations"][depth] if depth < len(told["generations"]) else None
            # A model that is base and generator at once stands in two of these, and each is bounded for itself.
            self.holds(stated or {"exact": "0"}, [one.generations().get(depth, Fraction(0)) for one in found], f"generation {depth}")
        self.assertEqual(told["depth"]["min"], depths[0])
        self.assertEqual(told["depth"]["max"], depths[-1])
        self.holds(told["depth"]["mean"], [one.mean_depth() for one in found], "mean depth")
        stated = {(founder["name"], founder["class"]): founder["share"] for founder in told["founders"]}
        ends_of = {end for one in found for end in one.founders()}
        self.assertEqual(sorted(stated), sorted((graph.node(key).name, name) for key, name in ends_of))
        for key, name in ends_of:
            self.shares(stated[graph.node(key).name, name], [one.founders().get((key, name), Fraction(0)) for one in found], "founder")
        for what, value in (("effective_sources", Descent.effective_sources), ("effective_generators", Descent.effective_generators)):
            self.holds(told[what], [value(one) for one in found], what)
        models = {key for one in found for key in one.models()}
        passed = {key: ends(one.models().get(key, Fraction(0)) for one in found) for key in models}
        self.assertEqual(bool(told["bottleneck"]), bool(models), "bottleneck")
        if models:
            named = [key for key in models if graph.node(key).name == told["bottleneck"]["name"]]
            self.shares(told["bottleneck"]["share"], passed[named[0]], "bottleneck")
            self.assertEqual(passed[named[0]][0], max(low for low, _ in passed.values()), "a tighter bottleneck")
        if any(one.sampled() for one in found):
            self.holds(told["collapse_index"], [end for one in found for end in one.collapse_index()], "collapse index")
            sizes = [1 / end for one in found for end in one.collapse_index() if end]
            self.holds(told["effective_sample_size"], sizes, "effective sample size")
            if (ratios := [one.direct_ratio() for one in found]) and None not in ratios:
                self.holds(told["collapse_direct_ratio"], ratios, "direct ratio")

    def contamination(self, told, graph, root, found):
        ancestry = Ancestry(graph)
        sets = {graph.node(key).name: key for key in evaluation_sets(graph, root)}
        self.assertEqual(sorted(one["name"] for one in told), sorted(sets))
        self.evaluations += len(told)
        for one in told:
            worked = [levels(ancestry, descent, sets[one["name"]]) for descent in found]
            stated = {level["level"]: level["share"] for level in one["levels"]}
            self.assertEqual(sorted(stated), sorted({level for world in worked for level in world}), one["name"])
            for level, share in stated.items():
                self.shares(share, [world.get(level, Fraction(0)) for world in worked], f"{one['name']} {level}")

    def test_pedigrees_are_those_of_every_world(self):
        compared, self.evaluations, self.wide = 0, 0, []
        for name, ledger, graph, key, output in self.outputs(("model",)):
            with self.subTest(f"{name}: {output}"):
                told = ledger.json("pedigree", output, expect=JUDGED)
                found = [Descent(graph.node, world, key) for world in worlds(graph, key)]
                self.measures(told, graph, found)
                inherited = [one.synthetic_fraction_inherited() for one in found]
                self.shares(told["synthetic_fraction_inherited"], inherited, "inherited")
                self.shares(told["synthetic_fraction_direct"], [one.synthetic_fraction_direct() for one in found], "direct")
                for kin in ("own", "family", "other"):
                    self.shares(told["self_consumption"][kin], [self_consumption(graph, one)[kin] for one in found], kin)
                self.contamination(told["contamination"], graph, key, found)
                stage = [Descent(graph.node, world, key) for world in stage_worlds(graph, key)]
                self.assertEqual(bool(told["stage"]), bool(stage), "stage")
                if stage:
                    self.measures(told["stage"], graph, stage)
                compared += 1
        print(f"{compared} pedigrees, {self.evaluations} evaluation sets; wider than need be: {sorted(set(self.wide))}", file=sys.stderr)
