"""A ledger as anybody reads it, without the program's help: the statements of its published tiles, and the graph of who
contributes how much to whom, by the rules of docs/formats/rules.md ("Shares") and docs/formats/statement.md.

A weight that is not known is not an interval here. It is a choice: `Node.weights` lists every corner of what the weights
may be, and a *world* takes one corner at every node. Whatever the program says in intervals must hold every world.
"""

import base64
import itertools
import json
import pathlib
from fractions import Fraction

MASS = {"generate": ("generator", "teacher"), "merge": ("base",), "train": ("data", "generator", "base")}
CORNERS_MAX = 4096


def entries(ledger):
    """The entries of a log, from the entry bundles of its widest tiles (docs/formats/tiles-and-checkpoint.md)."""
    bundles = {}
    for path in (ledger / "log/tile/entries").rglob("*"):
        if path.is_file():
            place = path.relative_to(ledger).as_posix().split(".p/")[0]
            bundles[place] = max(bundles.get(place, b""), path.read_bytes(), key=len)
    for _, data in sorted(bundles.items()):
        while data:
            size = int.from_bytes(data[:2], "big")
            yield data[2:2 + size]
            data = data[2 + size:]


def statements(ledger, ids):
    """The statements of a ledger by their id; `ids` are those of all entries in order, which need BLAKE3 to be worked out."""
    found = {}
    for number, entry in enumerate(entries(ledger)):
        statement = json.loads(base64.b64decode(json.loads(entry)["payload"]))
        kind = statement["predicateType"].split("/")[-2]
        found[ids[number]] = (kind, statement["predicate"])
    return found


class Node:
    """An item: a source, a model, one output of a run, a data set, or a gap."""

    def __init__(self, key, name, kind, facts, rows=None):
        self.key, self.name, self.kind, self.facts, self.rows = key, name, kind, facts, rows
        self.generated = False      # sampled anew by its parents, which are models
        self.enriched = False       # a model worked on rows that count as the data's
        self.asks = []              # nodes that condition, with their role
        self.weights = [{}]         # corners of the weights of its parents
        self.bases = []             # of a model: the weights it was made from

    def __repr__(self):
        return f"<{self.kind} {self.name}>"


def corners(bounds):
    """The corners of all weights within `bounds` ({key: (low, high)}) that add up to 1."""
    keys = list(bounds)
    if len(keys) == 1:
        return [{keys[0]: Fraction(1)}]
    found = []
    for free in keys:
        others = [key for key in keys if key != free]
        for ends in itertools.product(*({bounds[key][0], bounds[key][1]} for key in others)):
            rest = 1 - sum(ends)
            if bounds[free][0] <= rest <= bounds[free][1]:
                corner = {key: end for key, end in zip(others, ends)} | {free: rest}
                if corner not in found:
                    found.append(corner)
    assert found and len(found) <= CORNERS_MAX, bounds
    return found


def anything(keys):
    return [{key: Fraction(key == one) for key in keys} for one in keys]


def by_amounts(amounts, total=None):
    """Weights by what was taken of each; bounds where less came out than went in, anything where something is not known."""
    amounts = {key: amount for key, amount in amounts.items() if amount != 0} or amounts
    if len(amounts) == 1:
        return [{key: Fraction(1) for key in amounts}]
    if any(amount is None for amount in amounts.values()):
        return anything(list(amounts))
    went_in = sum(amounts.values())
    if total is None or total == went_in:
        return [{key: Fraction(amount, 1) / went_in for key, amount in amounts.items()}]
    if total == 0 or total > went_in:
        return anything(list(amounts))
    return corners({key: (Fraction(max(0, total - (went_in - amount))) / total, Fraction(min(amount, total)) / total)
                    for key, amount in amounts.items()})


def added(pairs):
    """Adds up what stands under one key; what is not known makes the sum unknown."""
    total = {}
    for key, amount in pairs:
        before = total.get(key, 0)
        total[key] = None if amount is None or before is None else before + amount
    return total


class Graph:
    def __init__(self, found):
        self.found, self.nodes = found, {}

    def item(self, reference):
        """The node that an artifact is of: its statement, and for a run the output that it is among."""
        identity, subject = reference.split("/")[:2]
        kind, predicate = self.found[identity]
        if kind != "run":
            return identity, 0
        subject = int(subject)
        for number, output in enumerate(predicate["outputs"]):
            if subject < len(output["artifacts"]):
                return identity, number
            subject -= len(output["artifacts"])
        raise AssertionError(reference)

    def rows(self, references):
        """The rows of cited artifacts: each of its own, or those of the whole item where all of it is taken."""
        total = 0
        for key in dict.fromkeys(map(self.item, references)):
            kind, predicate = self.found[key[0]]
            holder = predicate["outputs"][key[1]] if kind == "run" else predicate
            own = [artifact.get("rows") for artifact in holder["artifacts"]]
            taken = [one for one in references if self.item(one) == key]
            whole = holder.get("rows") if len(taken) == len(own) else None
            if whole is None:
                if None in own:
                    return None
                first = sum(len(output["artifacts"]) for output in predicate["outputs"][:key[1]]) if kind == "run" else 0
                whole = sum(own[int(one.split("/")[1]) - first] for one in set(taken))
            total += whole
        return total

    def made(self, reference):
        """Whether an artifact is a model's weights."""
        kind, predicate = self.found[reference.split("/")[0]]
        return kind == "model" or kind == "run" and predicate["outputs"][self.item(reference)[1]]["kind"] == "model"

    def opened(self, references):
        """Cited artifacts with data sets opened to their members."""
        for reference in references:
            kind, predicate = self.found[reference.split("/")[0]]
            yield from self.opened(predicate["members"]) if kind == "dataset" else [reference]

    def node(self, key):
        if key in self.nodes:
            return self.nodes[key]
        kind, predicate = self.found[key[0]]
        if kind == "run":
            self.nodes[key] = self.output(key, predicate)
        else:
            holder = predicate if kind != "dataset" else {"artifacts": []}
            rows = holder.get("rows")
            counts = [artifact.get("rows") for artifact in holder["artifacts"]]
            if rows is None and counts and None not in counts:
                rows = sum(counts)
            self.nodes[key] = Node(key, predicate["name"], kind, predicate, rows)
            if kind == "dataset":
                self.nodes[key].weights = self.parts(predicate["members"])
            if kind == "filter" and "model" in predicate:
                self.nodes[key].asks = [(self.item(predicate["model"]), "model")]
        for corner in self.nodes[key].weights:
            for parent in corner:
                if parent not in self.nodes:
                    self.node(parent)
        for asked, _ in self.nodes[key].asks:
            self.node(asked)
        return self.nodes[key]

    def parts(self, references):
        """What one input is a mixture of, by the rows of its items."""
        cited = {}
        for one in self.opened(references):
            cited.setdefault(self.item(one), []).append(one)
        return by_amounts({key: self.rows(taken) for key, taken in cited.items()})

    def gap(self, key, number, text):
        gap = ("gap", key[0], number)
        self.nodes.setdefault(gap, Node(gap, text, "gap", {}))
        return gap

    def output(self, key, run):
        output = run["outputs"][key[1]]
        does = run["does"]
        counts = [artifact.get("rows") for artifact in output["artifacts"]]
        rows = output.get("rows", sum(counts) if None not in counts else None)
        # Outputs that say which inputs they came from have only those, and the bases.
        node = Node(key, output["name"], "model" if output["kind"] == "model" else "shard", run, rows)
        anew = does == "generate" or bool(run.get("rewrites"))
        roles = ("base",) if does == "transform" and node.kind == "model" else MASS.get("generate" if anew else does, ("data",))
        inputs = list(enumerate(run.get("inputs", [])))
        carrying = [one for one in inputs if one[1]["role"] in roles]
        if "inputs" in output:
            named = [one for one in carrying if one[0] in output["inputs"] or one[1]["role"] == "base"]
            if any(one[1]["role"] != "base" or does != "train" for one in named):
                carrying = named
        for number, given in inputs:
            targets = [self.gap(key, number, given["unresolved"]["text"])] if "unresolved" in given else \
                list(dict.fromkeys(map(self.item, given["artifacts"])))
            if (number, given) not in carrying:
                node.asks += [(target, given["role"]) for target in targets]
            if given["role"] == "base":
                node.bases += targets
        # Who evaluates a model puts out what that model answered.
        asked = does == "evaluate" and [self.made(one) for _, given in carrying for one in given.get("artifacts", [])]
        node.generated = anew or bool(asked) and all(asked)
        if node.generated and does == "evaluate":
            node.asks = [(one, "seed" if role == "eval" else role) for one, role in node.asks]
        assert node.generated or not asked or not any(asked), "rows and models as data of one evaluation"
        models = any(given["role"] in ("judge", "generator") for _, given in inputs) or any(
            self.found[one.split("/")[0]][1].get("model") for _, given in inputs
            if given["role"] == "filter" for one in given.get("artifacts", []))
        # A generator beside rows that count as the data's works on them, whatever the run does.
        works = does not in ("generate", "train") and any(given["role"] == "generator" for _, given in inputs)
        node.enriched = not node.generated and (works or models and does in ("annotate", "judge", "transform"))
        node.weights = self.mixture(key, does, anew, carrying, run, rows)
        return node

    def mixture(self, key, does, anew, carrying, run, out):
        """The corners of what an output is a mixture of (rules.md, "An output")."""
        sides = [self.side(key, number, given) for number, given in carrying]
        if not carrying:
            return [{}]
        if anew or does == "merge" or carrying[0][1]["role"] == "base" and does == "transform":
            return self.product(self.declared(carrying, sides, equal=anew), sides)
        if does == "train":
            rollouts = [given["role"] == "generator" for _, given in carrying]
            sides = [self.rollouts(key, number, side) if own else side
                     for (number, _), side, own in zip(carrying, sides, rollouts)]
            return self.product(self.training(carrying), sides)
        kept = [given.get("kept") for _, given in carrying]
        if None not in kept and len(run["outputs"]) == 1 and out in (None, sum(kept)):
            return self.product(by_amounts(dict(enumerate(kept))), sides)
        taken = added(pair for number, given in carrying for pair in self.contents(key, number, given))
        # Nobody knows which rows came out if nobody knows how many.
        return by_amounts(taken, out) if out is not None else anything([one for one, amount in taken.items() if amount != 0])

    def side(self, key, number, given):
        """What one input by itself is made of, corner by corner."""
        if "unresolved" in given:
            return [{self.gap(key, number, given["unresolved"]["text"]): Fraction(1)}]
        return self.parts(given["artifacts"])

    def training(self, carrying):
        """The corners of the shares of a training's inputs: bases by what is stated of them, the rest by tokens, else by rows."""
        bases = {at: given.get("share") for at, (_, given) in enumerate(carrying) if given["role"] == "base"}
        rest = [at for at in range(len(carrying)) if at not in bases]
        amounts = [self.learnt(carrying[at][1], "tokens") for at in rest]
        if None in amounts:
            amounts = [self.learnt(carrying[at][1], "rows") for at in rest]
        within = by_amounts(dict(zip(rest, amounts))) if rest else [{}]
        stated = {at: Fraction(share) for at, share in bases.items() if share is not None}
        # What is left goes to one of those without a share, or, if there are none, to the rest.
        left = 1 - sum(stated.values())
        takers = [at for at in bases if at not in stated]
        takers += ["rest"] if rest else []
        corners_of = [stated | {at: left * (at == taker) for at in takers} for taker in takers] or [stated]
        return [{at: share for at, share in corner.items() if at != "rest"} |
                {at: corner.get("rest", 0) * weight for at, weight in inner.items()}
                for corner in corners_of for inner in within]

    def contents(self, key, number, given):
        """The items that an input takes from, each with how many of its rows: pro rata, and no more than were kept."""
        if "unresolved" in given:
            yield self.gap(key, number, given["unresolved"]["text"]), given.get("rows")
            return
        cited = {}
        for one in self.opened(given["artifacts"]):
            cited.setdefault(self.item(one), []).append(one)
        rows = {one: self.rows(references) for one, references in cited.items()}
        taken = self.amount(given, "rows")
        if taken is not None and "kept" in given:
            taken = min(taken, given["kept"])
        for one, count in rows.items():
            if len(rows) == 1:
                yield one, taken
            elif taken is None or None in rows.values():
                yield one, None
            else:
                yield one, Fraction(taken) * count / sum(rows.values())

    def rollouts(self, key, number, side):
        """What a model wrote while another was trained on it: sampled like any shard, and kept nowhere."""
        written = ("rollouts", key[0], number)
        self.nodes[written] = Node(written, "rollouts", "shard", {})
        self.nodes[written].generated, self.nodes[written].weights = True, side
        for parent in {parent for corner in side for parent in corner}:
            self.node(parent)
        return [{written: Fraction(1)}]

    def learnt(self, given, of):
        """What a training took of an input: no more rows than it kept, and its tokens only where it kept all rows."""
        if "kept" not in given:
            return self.amount(given, of)
        rows = self.amount(given, "rows")
        kept = given["kept"] * Fraction(given.get("repeat", 1))
        if of == "tokens":
            return self.amount(given, of) if rows is not None and kept >= rows else None
        return kept if rows is None else min(rows, kept)

    def amount(self, given, of):
        if given.get(of) is not None:
            return given[of] * Fraction(given.get("repeat", 1))
        if of == "tokens" or "unresolved" in given:
            return None
        rows = self.rows(list(self.opened(given["artifacts"])))
        return None if rows is None else rows * Fraction(given.get("repeat", 1))

    @staticmethod
    def declared(carrying, sides, equal):
        """Shares that are stated, and what is left for those without one: equal parts, or anything."""
        stated = {at: Fraction(given["share"]) for at, (_, given) in enumerate(carrying) if "share" in given}
        open_ = [at for at in range(len(carrying)) if at not in stated]
        if equal:  # the same model twice is one generator
            first = {}
            for at in open_:
                first.setdefault(str(sides[at]), at)
            open_ = sorted(first.values())
        left = Fraction(1) - sum(stated.values())
        if not open_:
            return [stated]
        if equal:
            return [stated | {at: left / len(open_) for at in open_}]
        return [stated | {at: left if at == one else Fraction(0) for at in open_} for one in open_]

    @staticmethod
    def product(shares, sides):
        """Every corner of the shares of the inputs, with every corner of what each input is."""
        found = []
        for share in shares:
            used = [at for at, weight in share.items() if weight]
            for choice in itertools.product(*(sides[at] for at in used)):
                total = added((node, share[at] * weight) for at, side in zip(used, choice) for node, weight in side.items())
                total = {node: weight for node, weight in total.items() if weight}
                if total not in found:
                    found.append(total)
        assert len(found) <= CORNERS_MAX
        return found


def graph_of(ledger, ids):
    return Graph(statements(pathlib.Path(ledger), ids))
