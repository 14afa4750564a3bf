"""The published cases that every way to work out a pedigree must give (reports of the field; Lacy 1989; Gerstgrasser 2024)."""

import unittest
from fractions import Fraction

from definitions import Descent, made_up


def chain(length, rows, accumulate):
    """A model trained on what the model before wrote, or on all that was written so far."""
    nodes = {"real": ("source", rows, False, {})}
    shards = ["real"]
    for step in range(length):
        used = shards if accumulate else shards[-1:]
        nodes[f"model {step}"] = ("model", None, False, {one: Fraction(1, len(used)) for one in used})
        if step < length - 1:
            nodes[f"shard {step}"] = ("shard", rows, True, {f"model {step}": 1})
            shards.append(f"shard {step}")
    return Descent(*made_up(nodes), f"model {length - 1}")


class Vectors(unittest.TestCase):
    def test_the_dag_of_two_sources_and_three_generations(self):
        descent = Descent(*made_up({
            "S0": ("source", 200, False, {}), "S1": ("source", 50, False, {}),
            "M2": ("model", None, False, {"S0": "0.8", "S1": "0.2"}),
            "D3": ("shard", 300, True, {"M2": 1}), "D4": ("shard", 100, True, {"M2": 1}),
            "M5": ("model", None, False, {"S0": "0.3", "D3": "0.6", "D4": "0.1"}),
            "D6": ("shard", 80, True, {"M5": 1}),
            "M7": ("model", None, False, {"S1": "0.1", "D4": "0.4", "D6": "0.5"}),
        }), "M7")
        self.assertEqual(descent.founders(), {("S0", "sources"): Fraction(3, 4), ("S1", "sources"): Fraction(1, 4)})
        self.assertEqual(descent.effective_sources(), Fraction("1.6"))
        self.assertEqual([descent.contribution(one) for one in ("D3", "D4", "D6")], list(map(Fraction, ("0.3", "0.45", "0.5"))))
        self.assertEqual(descent.collapse_index(), (Fraction("0.0095125"),) * 2)
        self.assertEqual(round(float(1 / descent.collapse_index()[0]), 4), 105.1248)
        self.assertEqual(descent.generations(), {0: Fraction("0.1"), 1: Fraction("0.55"), 2: Fraction("0.35")})
        self.assertEqual(descent.mean_depth(), Fraction("1.25"))
        self.assertEqual(descent.synthetic_fraction(), Fraction("0.9"))
        self.assertEqual(round(float(descent.direct_ratio()), 5), 0.51774)
        self.assertEqual(descent.effective_generators(), Fraction(81, 41))
        self.assertEqual(descent.fresh_real(), {0: Fraction("0.1"), 1: Fraction(55, 90), 2: 1})
        self.assertEqual(max(descent.models().items(), key=lambda model: model[1]), ("M2", Fraction(3, 4)))

    def test_chains_of_ten_that_replace_and_that_accumulate(self):
        replaced = chain(10, 100, accumulate=False)
        self.assertEqual(1 / replaced.collapse_index()[0], 10)
        kept = chain(10, 100, accumulate=True)
        self.assertEqual(kept.collapse_index()[0] * 100, sum(Fraction(1, step * step) for step in range(1, 11)))
        self.assertEqual(round(float(kept.collapse_index()[0] * 100), 4), 1.5498)


if __name__ == "__main__":
    unittest.main()
