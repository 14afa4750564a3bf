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


def stage_worlds(graph, root):
    """The same for the last training alone: its bases left out, and what is left made whole."""
    bases, seen = set(graph.node(root).bases), []
    for world in worlds(graph, root):
        rest = {key: weight for key, weight in world[root].items() if key not in bases and weight}
        if not bases or not rest:
            continue
        stage = world | {root: {key: weight / sum(rest.values()) for key, weight in rest.items()}}
        if stage not in seen:
            seen.append(stage)
            yield stage


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
        """p(k): the mass that ends in each item, a mixed source once for each class that it is of."""
        total = {}
        for weight, path in self.paths:
            for (name, _), share in self.split(path).items():
                end = path[-1], name
                total[end] = total.get(end, 0) + weight * share
        return {end: share for end, share in total.items() if share}

    def generations(self):
        """G_k: the mass of the paths with exactly k generation edges."""
        total = {}
        for weight, path in self.paths:
            for (_, depth), share in self.split(path).items():
                total[depth] = total.get(depth, 0) + weight * share
        return {depth: mass for depth, mass in sorted(total.items()) if mass}

    def mean_depth(self):
        return sum(depth * mass for depth, mass in self.generations().items())

    def synthetic_fraction(self):
        return sum((mass for depth, mass in self.generations().items() if depth), Fraction(0))

    def synthetic_fraction_inherited(self):
        """The part of it that came with weights which the model took over; the rest is in the data it was trained on."""
        total = Fraction(0)
        for weight, path in self.paths:
            if len(path) > 1 and path[1] in self.node_of(path[0]).bases:
                total += weight * sum(share for (_, depth), share in self.split(path).items() if depth)
        return total

    def synthetic_fraction_direct(self):
        return self.synthetic_fraction() - self.synthetic_fraction_inherited()

    def ai_enriched_fraction(self):
        """The mass of the paths through rows that a model annotated, judged or reworked after they last were sampled."""
        total = Fraction(0)
        for weight, path in self.paths:
            nodes = [self.node_of(key) for key in path]
            until = next((at for at, node in enumerate(nodes) if node.generated), len(nodes))
            total += weight * any(node.enriched for node in nodes[:until])
        return total

    def effective_sources(self):
        """1 / sum p^2 over all that the lineage ends in; something opaque counts as one, and so does a mixed source (Lacy 1989)."""
        shares = {}
        for weight, path in self.paths:
            thing = identity(self.node_of(path[-1]))
            shares[thing] = shares.get(thing, 0) + weight
        return effective(shares.values())

    def generators_of(self, path):
        """The models that generated on a path, nearest to the model first; of an untraced source, the names it gives."""
        found = [below for above, below in zip(path, path[1:]) if self.node_of(above).generated]
        end = self.node_of(path[-1])
        if end.kind == "source" and "opaque_synthetic" in boundary_class(end):
            found.append(("named", tuple(sorted(name.lower() for name in end.facts["generators"]))))
        return found

    def generators(self):
        """The mass that each made: on every path the generation nearest to the model counts."""
        total = {}
        for weight, path in self.paths:
            found = self.generators_of(path)
            if found:
                share = Fraction(1)
                if isinstance(found[0][0], str) and found[0][0] == "named":
                    share = boundary_class(self.node_of(path[-1]))["opaque_synthetic"]
                total[found[0]] = total.get(found[0], 0) + weight * share
        return total

    def effective_generators(self):
        """The same for who generated, over the synthetic mass."""
        shares = {}
        for key, share in self.generators().items():
            thing = key if key[0] == "named" else identity(self.node_of(key))
            shares[thing] = shares.get(thing, 0) + share
        return effective(shares.values())

    def coverage(self):
        return self.boundary()["sources"]

    def synthetic_fraction_at_most(self):
        """S, if all that is hidden behind opaque ends is synthetic too."""
        return sum((weight * share for weight, path in self.paths for (name, depth), share in self.split(path).items()
                    if depth or name != "sources"), Fraction(0))

    def fresh_real(self):
        """Of the mass that passed k generations or more: the part that a declared source brings in at k."""
        generations, fresh = self.generations(), {}
        for weight, path in self.paths:
            for (name, depth), share in self.split(path).items():
                if name == "sources":
                    fresh[depth] = fresh.get(depth, 0) + weight * share
        more = {depth: sum(mass for other, mass in generations.items() if other >= depth)
                for depth in range(max(generations) + 1)}
        return {depth: fresh.get(depth, Fraction(0)) / more[depth] for depth in more}

    def direct_ratio(self):
        """A_direct / A, where the sampled shards nearest to the model are taken as fresh; None where a count is missing."""
        nearest = {}
        for weight, path in self.paths:
            key = next((one for one in path if one in self.sampled()), None)
            if key is not None:
                nearest[key] = nearest.get(key, 0) + weight
        if not nearest or any(not self.node_of(key).rows for key in self.sampled()):
            return None
        return sum(share * share / self.node_of(key).rows for key, share in nearest.items()) / self.collapse_index()[0]

    def models(self):
        """Every model that mass went through, the model itself aside, with how much."""
        found = {key for _, path in self.paths for key in path[1:] if self.node_of(key).kind == "model"}
        return {key: self.contribution(key) for key in found}

    def sampled(self):
        """All shards that were sampled: what was generated, and sources, but for those that nothing is declared of."""
        keys = {key for _, path in self.paths for key in path}
        return {key for key in keys if self.node_of(key).generated
                or self.node_of(key).kind == "source" and "unknown" not in boundary_class(self.node_of(key))}

    def collapse_index(self):
        """A = sum c(x)^2 / n(x), from the least to the most: what has no known number of rows has one or more."""
        low = high = Fraction(0)
        for key in self.sampled():
            rows, square = self.node_of(key).rows, self.contribution(key) ** 2
            low += square / rows if rows else 0
            high += square / (rows or 1)
        return low, high


def identity(node):
    """What a founder is, under whatever name: an external model is its provider and version."""
    if node.kind != "model" or "provider" not in node.facts:
        return node.key
    return ("model", *(node.facts[word].strip().lower() for word in ("provider", "version")))


def effective(shares):
    """How many equal parts would be as concentrated: 1 / sum p^2, p being parts of the whole."""
    shares = [share for share in shares if share]
    return sum(shares) ** 2 / sum(share * share for share in shares) if shares else None


def weight_ancestors(graph, key):
    """The models that a model's weights were made from: base, merge, adapter, quantised."""
    found, waiting = set(), list(graph.node(key).bases)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += graph.node(one).bases
    return found


def kinship(graph, root, generator):
    """What a generator is to a model: 2 one of its own weight ancestors, 1 of its family, 0 another."""
    if generator[0] == "named":
        return 0
    own = weight_ancestors(graph, root) | {root}
    if generator in own:
        return 2
    kin = weight_ancestors(graph, generator) | {generator}
    families = [{graph.node(key).facts.get("family") for key in side if graph.node(key).kind == "model"} - {None}
                for side in (own, kin)]
    return int(bool(kin & own or families[0] & families[1]))


def self_consumption(graph, descent):
    """How much of the mass was generated by whom; on a path with several generators the one nearest to the model counts."""
    total = dict.fromkeys(("other", "family", "own"), Fraction(0))
    for weight, path in descent.paths:
        found = descent.generators_of(path)
        if found:
            synthetic = sum(share for (_, depth), share in descent.split(path).items() if depth)
            total[list(total)[kinship(graph, descent.root, found[0])]] += weight * synthetic
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
