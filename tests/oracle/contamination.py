"""Whether what a model is measured on has a part in it, by ancestry: the four levels of docs/pedigree.md, path by path."""

from fractions import Fraction

MADE_WITH = ("seed", "prompt", "data", "labels")     # what shapes rows without being among them
TAUGHT_BY = ("judge", "teacher", "generator")


def made_with(node):
    """What shapes the rows of something: of scores, and of whatever else is no weights, also what it was evaluated on."""
    return MADE_WITH if node.kind == "model" else MADE_WITH + ("eval",)


class Ancestry:
    def __init__(self, graph):
        self.graph, self.rows, self.all = graph, {}, {}

    def below(self, key, roles):
        node = self.graph.node(key)
        found = {parent for corner in node.weights for parent, weight in corner.items() if weight}
        return found | {asked for asked, role in node.asks if role in roles}

    def made_of(self, key, but=None):
        """Everything that rows were made of and with: by rows, seeds and prompts, and not through models."""
        if (key, but) not in self.rows:
            found, waiting = set(), [key]
            while waiting:
                one = waiting.pop()
                if one in found or one == but:
                    continue
                found.add(one)
                if self.graph.node(one).kind != "model" or one == key:
                    waiting += self.below(one, made_with(self.graph.node(one)))
            self.rows[key, but] = found
        return self.rows[key, but]

    def ancestors(self, key):
        """Everything that something descends from, but for what it was only held against."""
        if key not in self.all:
            found, waiting = set(), [key]
            while waiting:
                one = waiting.pop()
                if one not in found:
                    found.add(one)
                    waiting += self.below(one, made_with(self.graph.node(one)) + TAUGHT_BY)
            self.all[key] = found
        return self.all[key]

    def sources(self, key, but=None):
        return {one for one in self.made_of(key, but) if self.graph.node(one).kind == "source"} - {but}


def evaluation_sets(graph, root):
    """What the runs among the ancestors evaluate on."""
    found, waiting, sets = set(), [root], set()
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            node = graph.node(one)
            waiting += [parent for corner in node.weights for parent in corner] + [asked for asked, _ in node.asks]
            sets |= {asked for asked, role in node.asks if role == "eval"}
    return sets


def touched(ancestry, path, told):
    """The levels at which an evaluation set touches what lies on a path from the model."""
    graph, levels = ancestry.graph, set()
    until = next((at for at, key in enumerate(path) if graph.node(key).generated), len(path) - 1)
    near = path[:until + 1]
    if told in near and not graph.node(near[near.index(told)]).generated:
        levels.add("L1")
    common = ancestry.sources(told) - {told}
    for key in near:
        asked = [one for one, role in graph.node(key).asks if role in made_with(graph.node(key))]
        if any(told in ancestry.made_of(one) for one in asked):
            levels.add("L2")
        if common & ({key} | set().union(*(ancestry.sources(one, told) for one in asked))):
            levels.add("L3")
    for above, below in zip(path, path[1:] + path[-1:]):
        teachers = [one for one, role in graph.node(above).asks if role in TAUGHT_BY] if above in near else []
        teachers += [below] if graph.node(above).generated else []
        if any(told in ancestry.ancestors(one) for one in teachers):
            levels.add("L4")
    return levels


def levels(ancestry, descent, told):
    """The mass of the paths that were touched, by level."""
    total = {}
    for weight, path in descent.paths:
        for level in touched(ancestry, path, told):
            total[level] = total.get(level, Fraction(0)) + weight
    return total
