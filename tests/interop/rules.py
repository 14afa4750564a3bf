"""What descends from what, and every rule of docs/formats/rules.md about it."""

import re
from collections import defaultdict
from functools import cache

from evidence import Refused, digest, lines, number, ref

ROWS, MODELS = {"source", "dataset", "shard", "scores"}, {"external", "model"}
PLAYS = dict.fromkeys(("generator", "teacher", "judge", "base"), MODELS) | {
    "filter": {"filter"}, "prompt": ROWS | {"prompt"}, "reference": ROWS | MODELS | {"prompt", "filter"}}
EMPTY = {digest(one) for one in (b"null", b"null\n", b"\n", b"\r\n", b"") + tuple(
    brackets + end for brackets in (b"[]", b"{}") for end in (b"", b"\n", b"\r\n"))}
NO_WEIGHTS = re.compile(r"(?:.*/)?([^/]*\.(?i:json|jsonl|txt|md|jinja|model|yaml|py)|"
                        r"(LICENSE|NOTICE|README|USE_POLICY|\.gitattributes)[^/]*)", re.A | re.S)

def total(values):
    values = list(values)
    return None if None in values else sum(values)

def least(*values):
    return min((value for value in values if value is not None), default=None)

def beside(name, says):
    return NO_WEIGHTS.fullmatch(name) and says.get("bytes", 1 << 99) <= 64 << 20 and says.get("content", "file") == "file"

def origin(source):
    """The class of a source, 0 the least favourable."""
    names = source.get("generators")
    if source["made_by"] == "model":
        return 3 if isinstance(names, list) and not {name.strip().lower() for name in names} & {
            "", "unknown", "not_known", "not known", "none", "n/a", "?"} else 0
    if source["made_by"] in ("human", "sensor"):
        return 5
    open_to_all = source["acquired_by"] in ("web_crawl", "user_data", "public_dataset")
    return 4 if source["made_by"] == "mixed" and "synthetic_share" in source else 2 if open_to_all else 1

def favour(source):
    return origin(source), -number(source.get("synthetic_share"), 0)

def facts(source):
    names = source.get("generators")
    return source["made_by"], frozenset(names if isinstance(names, list) else ()), origin(source), source.get("synthetic_share")

class Thing:
    """What a place is: an artifact, a member of one, or a data set, with what is stated of it alone."""

    def __init__(self, node, kind, item=None, artifact=None, members=None, member=None):
        self.node, self.kind, self.artifact, self.members, self.member = node, kind, artifact, members, member
        self.content = member["sha256"] if member else artifact and artifact.content
        set_of = [one for one in node.artifacts if one.item == artifact.item] if artifact else []
        more = {"rows": item["rows"]} if artifact and "rows" in item and len(set_of) == 1 else {}
        self.says, self.item, self.set_of = member or artifact and more | artifact.says, item, set_of
        inside = total(one.get("rows") for one in members) if members else None
        self.rows = member.get("rows") if member else artifact and least(self.says.get("rows"), more.get("rows"), inside)
        self.own_rows = max(artifact.says.get("rows", 0), inside or 0) if artifact else 0
        self.inside = inside

    def is_beside(self):
        """Whether this is a file beside the weights of a model."""
        name, files = (self.member["name"], [(one["name"], one) for one in self.siblings]) if self.member else (
            self.artifact.name, [(one.name, one.says) for one in self.set_of])
        return beside(name, self.says) and not all(beside(*file) for file in files)

class Lineage:
    """Places are addresses (id, subject, line or None), runs (id, "run", None) and gaps (id, "gap", position)."""

    def __init__(self, statements, blobs, targets, found):
        self.nodes, self.blobs, self.found, self.replaced, self.wanted = {}, blobs, found, {}, "manifest_missing"
        for one in statements:
            self.nodes.setdefault(one.id, one)
        for method in ("members", "cites", "thing", "below", "anew", "leaves"):
            setattr(self, method, cache(getattr(self, method)))
        self.walk = self.reach(targets)
        self.things = {place: self.thing(place) for place in self.walk if place[1] not in ("run", "gap")}
        self.runs = [self.nodes[place[0]] for place in self.walk if place[1] == "run"]
        self.wanted = "claims_incomplete"

    def blob(self, sha256, read):
        try:
            return read(self.blobs[sha256]) if sha256 in self.blobs else self.found(self.wanted, f"blob {sha256}")
        except Refused as error:
            return self.found("undecodable", f"blob {sha256}: {error}")

    def members(self, artifact):
        return self.blob(artifact.sha256, lambda blob: lines(blob, artifact.says, "member")) or []

    def cites(self, node):
        """What each input of a run cites, or a data set, or a filter; nothing for a gap."""
        model = node.says.get("model")
        lists = [one.get("artifacts") for one in node.inputs] or [node.says.get("members", model and [model])]
        read = lambda one: [line["artifact"] for line in self.blob(one["sha256"], lambda blob: lines(
            blob, one, "line")) or []] if isinstance(one, dict) else one or []
        return [list(map(ref, read(one))) for one in lists]

    def gaps(self, node):
        gaps = [one.get("unresolved") for one in node.inputs] or node.says.get("unresolved", [])
        return {(node.id, "gap", at): gap for at, gap in enumerate(gaps) if gap}

    def below(self, place, heavy=False):
        """What a place descends from; of a run, with `heavy`, by the inputs that carry mass."""
        node = self.nodes.get(place[0])
        if not node or place[1] == "gap":
            return []
        if node.kind == "run" and place[1] != "run":
            return [(node.id, "run", None)]
        takes = [not heavy or node.kind != "run" or self.has_mass(node, one["role"]) for one in node.inputs] or [True]
        return [one for take, cited in zip(takes, self.cites(node)) if take for one in cited] + [
            gap for gap in self.gaps(node) if node.kind != "run" or takes[gap[2]]]

    def reach(self, starts, below=None):
        seen, queue = set(starts), list(starts)
        while queue:
            new = [one for one in (below or self.below)(queue.pop()) if one not in seen]
            seen.update(new)
            queue += new
        return seen

    def thing(self, place):
        """What is cited; nothing if statement, subject or member is not there."""
        node, (subject, line) = self.nodes.get(place[0]), place[1:]
        if node and node.kind == "dataset" and (subject, line) == (0, None):
            return Thing(node, "dataset")
        if not node or type(subject) is str or subject >= len(node.artifacts):
            return None
        artifact = node.artifacts[subject]
        members = self.members(artifact) if artifact.says["content"] == "manifest" else []
        if line is not None and line >= len(members):
            return None
        kind = "external" if node.kind == "model" else node.items[artifact.item][1]
        member = members[line] if line is not None else None
        thing = Thing(node, kind, node.items[artifact.item][2], artifact, None if member else members, member)
        thing.siblings = members
        return thing

    def has_mass(self, node, role):
        says, does = node.says, node.says["does"]
        weights = any(kind == "model" for _, kind, _ in node.items)
        return role in {"generate": ("generator", "teacher"), "merge": ("base",), "train": ("data", "generator", "base"),
                        "transform": ("base",) if weights else ("generator",) if "rewrites" in says else ("data",)
                        }.get(does, ("data",))

    # Rows.

    def contents(self, cited, alone):
        """The distinct contents of what is cited, with their rows."""
        found, items = {}, defaultdict(list)
        is_set = lambda place: self.nodes[place[0]].kind == "dataset" if place[0] in self.nodes else False
        plain = [one for one in self.reach(cited, lambda place: self.below(place) if is_set(place) else [])
                 if one[1] == "gap" or not is_set(one)]
        for place in plain:
            thing = self.thing(place)
            if not thing:
                found[place] = None
            elif place[2] is None or (*place[:2], None) not in plain:
                items[place[0], thing.artifact.item].append((place, thing))
        for key, parts in items.items():
            first = parts[0][1]
            if len(parts) == len(first.set_of) and all(place[2] is None for place, _ in parts) and (
                    "rows" in first.item and total(thing.rows for _, thing in parts) is None):
                found[key] = first.item["rows"]
                continue
            for place, thing in parts:
                opened = thing.members and (len(plain) > 1 or not alone) and thing.inside is not None
                for content, rows in [(one["sha256"], one["rows"]) for one in thing.members] if opened else [
                        (thing.content or place, thing.rows)]:
                    found[content] = least(found.get(content), rows)
        return found

    def check_rows(self, run):
        says, inputs, expansion = run.says, run.inputs, number(run.says.get("expansion"), 1)
        data = [at for at, one in enumerate(inputs) if one["role"] == "data"]
        supply = {at: self.contents(self.cites(run)[at], len(data) == 1) or {None: None} for at in data}
        repeat = {at: number(inputs[at].get("repeat"), 1) for at in data}
        model, too_many = any(one["role"] == "generator" for one in inputs), False

        def distinct(some):
            most = defaultdict(list)
            for at, key in ((at, key) for at in some for key in supply[at]):
                most[key].append(supply[at][key] if supply[at][key] is None else supply[at][key] * repeat[at])
            return total(None if None in counts else max(counts) for counts in most.values())
        if says["does"] == "train":
            if data and not model and all(total(supply[at].values()) == 0 for at in data):
                self.found("nothing_to_trace", f"{says['name']} trains on data without a row")
            stating, epochs = [at for at in data if "rows" in inputs[at]], number(says.get("epochs"), 1)
            for some in [[at] for at in stating] + [stating]:
                rows = distinct(some)
                too_many |= rows is not None and sum(inputs[at]["rows"] for at in some) > rows * epochs
        elif says["does"] not in ("generate", "merge") and "rewrites" not in says and self.has_mass(run, "data"):
            outputs = [(at, item) for at, (_, kind, item) in enumerate(run.items) if kind != "model"]
            named = [([at for at in data if at in one[1].get("inputs", [])], [one]) for one in outputs]
            for some, out in [(data, outputs)] + [pair for pair in named if pair[0]]:
                each = [least(total(supply[at].values()), *map(inputs[at].get, ("rows", "kept"))) for at in some]
                comes = sum(self.rows_out(run, at, item) for at, item in out)
                goes = total(None if rows is None else rows * repeat[at] for at, rows in zip(some, each))
                too_many |= goes is not None and comes > least(goes, distinct(some)) * min(expansion, 1 if model else expansion)
        if too_many:
            self.found("rows_not_accounted", says["name"])

    def rows_out(self, run, at, item):
        parts = [self.thing((run.id, subject, None)) for subject, one in enumerate(run.artifacts) if one.item == at]
        return max(item.get("rows", 0), sum(one.own_rows for one in parts))

    # Claims about the same content.

    def anew(self, node_id):
        """Everything a run descends from, and what of it is below something that is made anew."""
        everything = self.reach([(node_id, "run", None)] if self.nodes[node_id].kind == "run" else [])
        runs = [self.nodes[place[0]] for place in everything if place[1] == "run"]
        makers = [one.id for one in runs if "rewrites" in one.says or one.says["does"] in ("train", "merge", "generate")
                  or any(given["role"] == "generator" for given in one.inputs)]
        return everything, self.reach([low for one in makers for low in self.below((one, "run", None))])

    def descends(self, one, other):
        everything, anew = self.anew(one[0])
        ways = {other, (*other[:2], None)} & everything
        return "anew" if ways & anew else "plain" if ways else None

    def leaves(self, node_id):
        """What a run ends in: all of it, and what brings mass."""
        found = []
        for heavy in (False, True):
            ends = set()
            for place in self.reach([(node_id, "run", None)], lambda place: self.below(place, heavy)):
                if place[1] == "gap":
                    ends.add(tuple(sorted(self.gaps(self.nodes[place[0]])[place].items())))
                elif (thing := self.thing(place)) and thing.kind in ("source", "prompt", "filter", "external"):
                    says, model = thing.node.says, thing.kind == "external"
                    about = (says["provider"], says["version"]) if model else thing.kind == "source" and facts(self.source(place))
                    ends |= {(model, one["sha256"]) for one in thing.members or []} or {
                        (model, thing.content) if thing.content else (thing.kind, thing.artifact.sha256, about)}
            found.append(ends)
        return found

    def source(self, place):
        return self.replaced.get((*place[:2], None), self.nodes[place[0]].says)

    def on_walk(self, place):
        return place in self.walk or (*place[:2], None) in self.walk

    def conflict(self, one, other, claims):
        """The code of a conflict between two of the claims of a content, or nothing."""
        a, b = claims[one], claims[other]
        kinds, models = {a.kind, b.kind}, [thing for thing in (a, b) if thing.kind in MODELS]
        if any(what in a.says and what in b.says and a.says[what] != b.says[what] for what in ("blake3", "bytes", "rows")):
            return "conflicting_origin"
        if models and all(thing.is_beside() for thing in models) or kinds == {"external"}:
            return None
        if kinds == {"source"}:
            return None if facts(self.source(one)) == facts(self.source(other)) else "conflicting_origin"
        ways = {self.descends(one, other), self.descends(other, one)}
        if kinds == MODELS:
            outside = one if a.kind == "external" else other
            return None if "plain" in ways and "anew" not in ways else "own_model_as_external" if self.on_walk(
                outside) else "conflicting_origin"
        if ways != {None}:
            return "conflicting_origin" if "anew" in ways else None
        if any(self.descends(one, older) == self.descends(other, older) == "plain" for older in claims):
            return None
        ends = [self.leaves(thing.node.id) if thing.node.kind == "run" else thing.kind == "external" for thing in (a, b)]
        return None if ends[0] == ends[1] else "conflicting_origin"

    def check_claims(self, claims):
        """`claims` are all claims of one content below the checkpoint, by place."""
        zero = lambda thing: thing.rows == 0 and "computed" == thing.artifact.says.get("basis") if thing.member else \
            thing.artifact.says.get("rows") == 0 and thing.artifact.says["rows_basis"] == "counted"
        if next(iter(claims.values())).content in EMPTY or all(map(zero, claims.values())):
            return
        for one in filter(self.on_walk, claims):
            for code in {self.conflict(one, other, claims) for other in claims if other[0] != one[0]} - {None}:
                self.found(code, f"{one} {claims[one].content}")

    def replace(self, claims):
        """A later, less favourable claim by the same key and name counts for the earlier one, too."""
        for one, other in ((one, other) for one in claims for other in claims):
            a, b = claims[one].node, claims[other].node
            if a.kind == b.kind == "source" and b.index > a.index and (a.issuer, a.says["name"]) == (
                    b.issuer, b.says["name"]) and favour(b.says) < favour(self.source(one)):
                self.replaced[(*one[:2], None)] = b.says

    def unread(self, place):
        """Whether a cited line may be in a manifest that is not here."""
        node = self.nodes[place[0]]
        return type(place[2]) is int and place[1] < len(node.artifacts) and not self.members(node.artifacts[place[1]])

    def bases(self, run):
        """How many models are merged, each counted once."""
        models, open_ones = set(), 0
        for one, cited in zip(run.inputs, self.cites(run)):
            stated = one.get("artifacts", [None])
            open_ones += 0 if cited else stated["count"] if isinstance(stated, dict) else len(stated)
            for place in cited:
                thing = self.thing(place)
                alone = thing and len(thing.set_of) == 1 and "basis" in thing.artifact.says
                models.add(thing.artifact.sha256 if alone else (place[0], thing and thing.artifact and thing.artifact.item))
        return open_ones + len(models)

    def declared(self, run):
        """The digests of everything a run declares to have taken."""
        found = {one["sha256"] for one in run.says.get("code", [])} | {
            gap["sha256"] for gap in self.gaps(run).values() if "sha256" in gap}
        kinds = lambda place: self.below(place) if (thing := self.thing(place)) and thing.kind in ("dataset", "filter") else []
        for thing in map(self.thing, self.reach([place for cited in self.cites(run) for place in cited], kinds)):
            if thing and (thing.member or thing.artifact and "basis" in thing.artifact.says):
                found |= {thing.content} | {one["sha256"] for one in thing.members or []}
        return found
