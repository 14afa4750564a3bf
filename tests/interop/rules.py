"""What descends from what, and the rules of docs/formats/rules.md about it."""

import re
from collections import defaultdict
from functools import cache

from evidence import Refused, digest, lines, number, ref

ROWS, MODELS = {"source", "dataset", "shard", "scores"}, {"external", "model"}
PLAYS = dict.fromkeys(("generator", "teacher", "judge", "base"), MODELS) | {
    "filter": {"filter"}, "prompt": ROWS | {"prompt"}, "reference": ROWS | MODELS | {"prompt", "filter"}}
EMPTY = {digest(one + end) for one in (b"", b"[]", b"{}") for end in (b"", b"\n", b"\r\n")} | {digest(b"null"), digest(b"null\n")}
BESIDE = re.compile(r"(?s)(.*/)?([^/]*\.(?i:json|jsonl|txt|md|jinja|model|yaml|py)|(LICENSE|NOTICE|README|USE_POLICY|\.gitattributes)[^/]*)")

def total(values):
    values = list(values)
    return None if None in values else sum(values)

def least(*values):
    return min((value for value in values if value is not None), default=None)

def beside(name, says):
    return BESIDE.fullmatch(name) and says.get("bytes", 1 << 99) <= 64 << 20 and says.get("content", "file") == "file"

def origin(source):
    """The class of a source, 0 the least favourable."""
    made, names = source["made_by"], source.get("generators")
    if made == "model":
        return 3 if isinstance(names, list) and not {name.strip().lower() for name in names} & {
            "", "unknown", "not_known", "not known", "none", "n/a", "?"} else 0
    if made in ("human", "sensor") or made == "mixed" and "synthetic_share" in source:
        return 4 if made == "mixed" else 5
    return 2 if source["acquired_by"] in ("web_crawl", "user_data", "public_dataset") else 1

def favour(source):
    return origin(source), -number(source.get("synthetic_share"), 0)

def facts(source):
    names = source.get("generators")
    return source["made_by"], frozenset(names if isinstance(names, list) else ()), origin(source), source.get("synthetic_share")

class Thing:
    """What is cited: an artifact, a member of its manifest, or a data set; `says` is what is stated of it alone."""

    def __init__(self, node, kind, item=None, artifact=None, lines=(), at=None):
        self.node, self.kind, self.item, self.artifact, self.lines = node, kind, item, artifact, lines
        self.member, self.members = (lines[at], []) if at is not None else (None, lines)
        self.set = [one for one in node.artifacts if one.item == artifact.item] if artifact else []
        more = {"rows": item["rows"]} if len(self.set) == 1 and "rows" in item else {}
        self.says = self.member or artifact and more | artifact.says or {}
        self.content = self.member["sha256"] if self.member else artifact and artifact.content
        self.inside = total(one.get("rows") for one in self.members) if self.members else None
        self.rows = least(self.says.get("rows"), more.get("rows") if not self.member else None, self.inside)
        self.has_bytes = bool(artifact) and "basis" in artifact.says

    def is_beside(self):
        """Whether this is a file beside the weights of a model."""
        name, files = (self.member["name"], [(one["name"], one) for one in self.lines]) if self.member else (
            self.artifact.name, [(one.name, one.says) for one in self.set])
        return beside(name, self.says) and not all(beside(*file) for file in files)

    def has_no_row(self):
        basis = ("basis", "computed") if self.member else ("rows_basis", "counted")
        return basis in self.artifact.says.items() and (self.member or self.artifact.says).get("rows") == 0

class Lineage:
    """Places are addresses (id, subject, line or None), runs (id, "run", None) and gaps (id, "gap", position)."""

    def __init__(self, statements, blobs, targets, found):
        self.nodes, self.blobs, self.found, self.replaced, self.missing = {}, blobs, found, {}, "manifest_missing"
        for one in statements:
            self.nodes.setdefault(one.id, one)
        for method in ("members", "cites", "thing", "below", "anew", "leaves"):
            setattr(self, method, cache(getattr(self, method)))
        self.walk = self.reach(targets)
        self.things = {place: self.thing(place) for place in self.walk if self.thing(place)}
        self.runs, self.missing = [self.nodes[place[0]] for place in self.walk if place[1] == "run"], "claims_incomplete"

    def manifest(self, sha256, expected, name):
        try:
            if sha256 in self.blobs:
                return lines(self.blobs[sha256], expected, name)
            self.found(self.missing, f"blob {sha256}")
        except Refused as error:
            self.found("undecodable", f"blob {sha256}: {error}")
        return []

    def members(self, artifact):
        return self.manifest(artifact.sha256, artifact.says, "member") if artifact.says["content"] == "manifest" else []

    def cites(self, node):
        """What each input of a run cites, or a data set, or a filter; nothing for a gap."""
        model = node.says.get("model")
        lists = [one.get("artifacts", []) for one in node.inputs] or [node.says.get("members", [model] if model else [])]
        return [list(map(ref, one if isinstance(one, list) else [line["artifact"] for line in self.manifest(
            one["sha256"], one, "line")])) for one in lists]

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
        takes = [not heavy or one["role"] in self.mass(node) for one in node.inputs] or [True]
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
        members, (_, kind, item) = self.members(artifact), node.items[artifact.item]
        known = line is None or line < len(members)
        return Thing(node, "external" if kind == node.kind == "model" else kind, item, artifact, members, line) if known else None

    def mass(self, node):
        """The roles that carry mass."""
        weights, does = any(kind == "model" for _, kind, _ in node.items), node.says["does"]
        of_rows = {"generator"} if "rewrites" in node.says else {"data"}
        return {"generate": {"generator", "teacher"}, "merge": {"base"}, "train": {"data", "generator", "base"},
                "transform": {"base"} if weights else of_rows}.get(does, {"data"})

    def contents(self, cited, alone):
        """The distinct contents of what is cited, with their rows."""
        found, items = {}, defaultdict(list)
        is_set = lambda place: place[0] in self.nodes and self.nodes[place[0]].kind == "dataset" and place[1] != "gap"
        plain = [one for one in self.reach(cited, lambda place: self.below(place) if is_set(place) else []) if not is_set(one)]
        for place in plain:
            thing = self.thing(place)
            if not thing:
                found[place] = None
            elif place[2] is None or (*place[:2], None) not in plain:
                items[place[0], thing.artifact.item].append((place, thing))
        for key, parts in items.items():
            whole = len(parts) == len(parts[0][1].set) and all(place[2] is None for place, _ in parts)
            if whole and "rows" in parts[0][1].item and total(thing.rows for _, thing in parts) is None:
                found[key] = parts[0][1].item["rows"]
                continue
            for place, thing in parts:
                opened = thing.inside is not None and (len(plain) > 1 or not alone)
                for content, rows in [(one["sha256"], one["rows"]) for one in thing.members] if opened else [
                        (thing.content or place, thing.rows)]:
                    found[content] = least(found.get(content), rows)
        return found

    def check_rows(self, run):
        says, inputs, expansion, too_many = run.says, run.inputs, number(run.says.get("expansion"), 1), False
        data = [at for at, one in enumerate(inputs) if one["role"] == "data"]
        supply = {at: self.contents(self.cites(run)[at], len(data) == 1) or {None: None} for at in data}
        repeat = {at: number(inputs[at].get("repeat"), 1) for at in data}
        model = any(one["role"] == "generator" for one in inputs)

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
        elif says["does"] not in ("generate", "merge") and self.mass(run) == {"data"}:
            outputs = [(at, item) for at, (_, kind, item) in enumerate(run.items) if kind != "model"]
            named = [([at for at in data if at in one[1].get("inputs", [])], [one]) for one in outputs]
            for some, out in [(data, outputs)] + [pair for pair in named if pair[0]]:
                each = [least(total(supply[at].values()), *map(inputs[at].get, ("rows", "kept"))) for at in some]
                goes = total(None if rows is None else rows * repeat[at] for at, rows in zip(some, each))
                comes = sum(max(item.get("rows", 0), sum(max(thing.artifact.says.get("rows", 0), thing.inside or 0) for thing in (
                    self.thing((run.id, subject, None)) for subject, one in enumerate(run.artifacts) if one.item == at)))
                    for at, item in out)
                too_many |= goes is not None and comes > least(goes, distinct(some)) * min(expansion, 1 if model else expansion)
        if too_many:
            self.found("rows_not_accounted", says["name"])

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
        found = [], []
        for heavy in (False, True):
            for place in self.reach([(node_id, "run", None)], lambda place: self.below(place, heavy)):
                thing = self.thing(place)
                if place[1] == "gap":
                    found[heavy].append(tuple(sorted(self.gaps(self.nodes[place[0]])[place].items())))
                elif thing and thing.kind in ("source", "prompt", "filter", "external"):
                    says, model = thing.node.says, thing.kind == "external"
                    about = (says["provider"], says["version"]) if model else thing.kind == "source" and facts(self.source(place))
                    found[heavy].extend([(model, one["sha256"]) for one in thing.members] or [
                        (model, thing.content) if thing.content else (thing.kind, thing.artifact.sha256, about)])
        return [set(one) for one in found]

    def source(self, place):
        return self.replaced.get((*place[:2], None), self.nodes[place[0]].says)

    def on_walk(self, place):
        return place in self.walk or (*place[:2], None) in self.walk

    def conflict(self, one, other, claims):
        """The code of a conflict between two of the claims of a content, or nothing."""
        pair = a, b = claims[one], claims[other]
        kinds, models = {a.kind, b.kind}, [thing for thing in pair if thing.kind in MODELS]
        if any(what in a.says and what in b.says and a.says[what] != b.says[what] for what in ("blake3", "bytes", "rows")):
            return "conflicting_origin"
        if models and all(thing.is_beside() for thing in models) or kinds == {"external"}:
            return None
        if kinds == {"source"}:
            return None if facts(self.source(one)) == facts(self.source(other)) else "conflicting_origin"
        ways = {self.descends(one, other), self.descends(other, one)}
        if kinds == MODELS and ("anew" in ways or "plain" not in ways):
            return "own_model_as_external" if self.on_walk(one if a.kind == "external" else other) else "conflicting_origin"
        if ways != {None}:
            return "conflicting_origin" if "anew" in ways else None
        if any(self.descends(one, older) == self.descends(other, older) == "plain" for older in claims):
            return None
        ends = [self.leaves(thing.node.id) if thing.node.kind == "run" else [
            {(thing.kind == "external", thing.content)}] * 2 for thing in pair]
        return None if ends[0] == ends[1] else "conflicting_origin"

    def check_claims(self, claims):
        """Holds all claims of one content against each other; `claims` is what they are, by place."""
        if next(iter(claims.values())).content in EMPTY or all(thing.has_no_row() for thing in claims.values()):
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
        whole = self.thing((*place[:2], None))
        return whole and whole.artifact and "root" in whole.artifact.says and not whole.lines

    def bases(self, run):
        """How many models are merged, each counted once."""
        models, unknown = set(), 0
        for one, cited in zip(run.inputs, self.cites(run)):
            stated = one.get("artifacts", [None])
            unknown += 0 if cited else stated["count"] if isinstance(stated, dict) else len(stated)
            for place in cited:
                thing = self.thing(place)
                alone = thing and len(thing.set) == 1 and thing.has_bytes
                models.add(thing.artifact.sha256 if alone else (place[0], thing and thing.artifact and thing.artifact.item))
        return unknown + len(models)

    def declared(self, run):
        """The digests of everything a run declares to have taken."""
        found = {one["sha256"] for one in (*run.says.get("code", []), *self.gaps(run).values()) if "sha256" in one}
        more = lambda place: self.below(place) if (thing := self.thing(place)) and thing.kind in ("dataset", "filter") else []
        for thing in map(self.thing, self.reach([place for cited in self.cites(run) for place in cited], more)):
            found |= {thing.content} | {one["sha256"] for one in thing.members} if thing and thing.has_bytes else set()
        return found
