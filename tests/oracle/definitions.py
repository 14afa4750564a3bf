"""The measures of docs/pedigree.md from their definitions, one world at a time, in exact fractions.

A world has one weight for every edge. `Descent` is everything below a model in one world: c(x) is the sum over all paths of
the products of weights, worked out path by path from the definition and not by one sweep.
"""

import itertools
from fractions import Fraction

from lineage import Node

WORLDS_MAX = 20_000
CLASSES = ("sources", "external_models", "opaque_synthetic", "origin_not_known", "unknown")
UNNAMED = {"", "unknown", "not_known", "not known", "none", "n/a", "?"}
PUBLIC = ("web_crawl", "user_data", "public_dataset")


def boundary_class(node):
    """The class of what a lineage ends in, as shares of the five classes (docs/formats/rules.md, "Sources and models")."""
    if node.kind == "model":
        return {"external_models": Fraction(1)}
    if node.kind != "source":
        return {"unknown": Fraction(1)}
    facts, made = node.facts, node.facts["made_by"]
    if made in ("human", "sensor"):
        return {"sources": Fraction(1)}
    if made == "model":
        names = facts.get("generators")
        named = isinstance(names, list) and not any(name.strip().lower() in UNNAMED for name in names)
        return {"opaque_synthetic" if named else "unknown": Fraction(1)}
    if made == "mixed" and "synthetic_share" in facts:
        share = Fraction(facts["synthetic_share"])
        return {"opaque_synthetic": share, "sources": 1 - share}
    return {"origin_not_known" if facts["acquired_by"] in PUBLIC else "unknown": Fraction(1)}


def worlds(graph, root):
    """Every choice of one corner at each node that the mass of `root` passes."""
    reached, order = set(), []

    def visit(key):
        if key in reached:
            return
        reached.add(key)
        for corner in graph.node(key).weights:
            for parent in corner:
                visit(parent)
        order.append(key)

    visit(root)
    free = [key for key in order if len(graph.node(key).weights) > 1]
    count = 1
    for key in free:
        count *= len(graph.node(key).weights)
    assert count <= WORLDS_MAX, count
    fixed = {key: graph.node(key).weights[0] for key in order}
    for choice in itertools.product(*(graph.node(key).weights for key in free)):
        yield fixed | dict(zip(free, choice))


class Descent:
    """What one model is, in one world."""

    def __init__(self, node_of, world, root):
        self.node_of, self.world, self.root = node_of, world, root
        self.paths = list(self.all_paths(root, Fraction(1), (root,)))

    def all_paths(self, key, weight, path):
        """Every path from the model down to where it ends, with the product of its weights."""
        parents = [(parent, part) for parent, part in self.world.get(key, {}).items() if part]
        if not parents:
            yield weight, path
        for parent, part in parents:
            yield from self.all_paths(parent, weight * part, (*path, parent))

    def contribution(self, key):
        """c(key): the mass of all paths that pass it."""
        return sum((weight for weight, path in self.paths if key in path), Fraction(0))

    def split(self, path):
        """Where a path ends, by class, and how many generations a part of each class passed: {(class, generations): share}."""
        edges = sum(self.node_of(key).generated for key in path)
        end = self.node_of(path[-1])
        return {(name, edges + (name == "opaque_synthetic")): share for name, share in boundary_class(end).items()}

    def boundary(self):
        total = dict.fromkeys(CLASSES, Fraction(0))
        for weight, path in self.paths:
            for (name, _), share in self.split(path).items():
                total[name] += weight * share
        return total

    def founders(self):
        total = {}
        for weight, path in self.paths:
            total[path[-1]] = total.get(path[-1], 0) + weight
        return total

    def generations(self):
        """G_k: the mass of the paths with exactly k generation edges."""
        total = {}
        for weight, path in self.paths:
            for (_, depth), share in self.split(path).items():
                total[depth] = total.get(depth, 0) + weight * share
        return {depth: mass for depth, mass in sorted(total.items()) if mass}

    def synthetic_fraction(self):
        return sum((mass for depth, mass in self.generations().items() if depth), Fraction(0))

    def synthetic_fraction_direct(self):
        """The mass whose last shard before the model is synthetic: what stands between are filters, mixtures and the like."""
        total = Fraction(0)
        for weight, path in self.paths:
            last = next((key for key in path[1:] if self.node_of(key).kind != "shard" or self.node_of(key).generated), path[-1])
            node = self.node_of(last)
            if node.generated:
                total += weight
            elif node.kind == "source":
                total += weight * boundary_class(node).get("opaque_synthetic", 0)
        return total

    def ai_enriched_fraction(self):
        """The mass that a model worked on after it last was sampled, and that counts as the data's."""
        total = Fraction(0)
        for weight, path in self.paths:
            nodes = list(map(self.node_of, path))
            until = next((at for at, node in enumerate(nodes) if node.generated), len(nodes))
            total += weight * any(node.enriched for node in nodes[:until])
        return total

    def effective_sources(self):
        """1 / sum p^2 over all that the lineage ends in (Lacy 1989)."""
        return 1 / sum(share * share for share in self.founders().values())

    def generators(self):
        """The mass that each model generated: of every path, what the first generation from above came from."""
        total = {}
        for weight, path in self.paths:
            for above, below in zip(path, path[1:]):
                if self.node_of(above).generated:
                    total[below] = total.get(below, 0) + weight
                    break
        return total

    def effective_generators(self):
        shares = [share for share in self.generators().values() if share]
        whole = sum(shares)
        return 1 / sum((share / whole) ** 2 for share in shares) if whole else None

    def bottleneck(self):
        """The model that most of the mass passes, the model itself aside."""
        models = {key for _, path in self.paths for key in path[1:] if self.node_of(key).kind == "model"}
        shares = {key: self.contribution(key) for key in models}
        return max(shares.items(), key=lambda pair: pair[1], default=(None, Fraction(0)))

    def sampled(self):
        """All shards that were sampled: sources, and what was generated."""
        keys = {key for _, path in self.paths for key in path}
        return {key for key in keys if self.node_of(key).generated or self.node_of(key).kind == "source"}

    def collapse_index(self):
        """A = sum c(x)^2 / n(x); None where a number of rows is not known."""
        total = Fraction(0)
        for key in self.sampled():
            if not self.node_of(key).rows:
                return None
            total += self.contribution(key) ** 2 / self.node_of(key).rows
        return total




def weight_ancestors(graph, key):
    """The models that a model's weights were made from: base, merge, adapter, quantised."""
    found, waiting = set(), list(graph.node(key).bases)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += graph.node(one).bases
    return found


def self_consumption(graph, descent):
    """How much of the mass was generated by the model's own ancestors, by relatives, and by others."""
    own = weight_ancestors(graph, descent.root)
    families = {graph.node(key).facts.get("family") for key in own if graph.node(key).kind == "model"} - {None}
    total = dict.fromkeys(("own", "family", "other"), Fraction(0))
    for generator, share in descent.generators().items():
        node = graph.node(generator)
        kin = weight_ancestors(graph, generator) | {generator}
        if generator in own or generator == descent.root:
            total["own"] += share
        elif kin & own or (node.facts.get("family") in families):
            total["family"] += share
        else:
            total["other"] += share
    return total


def made_up(nodes):
    """A graph of nodes that are told directly, for published cases: {key: (kind, rows, generated, {parent: weight})}."""
    made = {}
    for key, (kind, rows, generated, weights) in nodes.items():
        node = Node(key, key, kind, {"made_by": "human", "acquired_by": "own_production"} if kind == "source" else {}, rows)
        node.generated = generated
        made[key] = node
    world = {key: {parent: Fraction(weight) for parent, weight in told[3].items()} for key, told in nodes.items()}
    return made.__getitem__, world
