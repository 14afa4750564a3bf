"""What descends from what, and the rules of docs/formats/rules.md about rows and about claims of the same content."""
import re
from collections import defaultdict
from functools import cache
from evidence import digest, lines, number, ref

ROWS, MODELS, LEAVES = {"source", "dataset", "shard", "scores"}, {"external", "model"}, {"source", "prompt", "filter", "external"}
PLAYS = {**dict.fromkeys(("generator", "teacher", "judge", "base"), MODELS), "filter": {"filter"}, "prompt": ROWS | {"prompt"},
         "reference": ROWS | MODELS | LEAVES}
EMPTY = {digest(one + end) for one in (b"", b"[]", b"{}") for end in (b"", b"\n", b"\r\n")} | {digest(b"null"), digest(b"null\n")}
BESIDE = re.compile(r"(?s)(.*/)?([^/]*\.(?i:json|jsonl|txt|md|jinja|model|yaml|py)|"
                    r"(LICENSE|NOTICE|README|USE_POLICY|\.gitattributes)[^/]*)")
NAMELESS = {"", "unknown", "not_known", "not known", "none", "n/a", "?"}

def total(values):
    values = list(values)
    return None if None in values else sum(values)
def least(*values): return min((value for value in values if value is not None), default=None)
def beside(name, says): return BESIDE.fullmatch(name) and says.get("bytes", 1 << 99) <= 64 << 20 and says.get("content", "file") == "file"
def plays(run, role): return PLAYS.get(role, ROWS | MODELS if (run.says.get("does"), role) == ("evaluate", "data") else ROWS)
def taken(given):
    """How many artifacts an input states to take; a gap counts as one."""
    stated = given.get("artifacts", [None])
    return stated["count"] if isinstance(stated, dict) else len(stated)
def facts(source):
    """What two sources must agree in: class (0 the least favourable), share that is not synthetic, maker, generators."""
    made, names, share = source["made_by"], source.get("generators"), source.get("synthetic_share")
    names = names if isinstance(names, list) else []
    known = {"human": 5, "sensor": 5, "model": 3 * bool(names and not {name.strip().lower() for name in names} & NAMELESS)}
    unknown = 2 if source["acquired_by"] in ("web_crawl", "user_data", "public_dataset") else 1
    return known.get(made, 4 if made == "mixed" and share else unknown), -number(share, 0), made, frozenset(names), share

class Thing:
    """What is cited: an artifact, a member of its manifest, or a data set; `says` is what is stated of it alone."""
    def __init__(self, node, kind, item=None, artifact=None, lines=(), at=None):
        self.node, self.kind, self.item, self.artifact, self.lines = node, kind, item, artifact, lines
        self.member, self.members = (lines[at], []) if at is not None else (None, lines)
        self.set = [one for one in node.artifacts if one.item == artifact.item] if artifact else []
        stated = {"rows": item["rows"]} if len(self.set) == 1 and "rows" in item else {}
        self.says = self.member or artifact and stated | artifact.says or {}
        self.content = self.member["sha256"] if self.member else artifact and artifact.content
        self.inside = total(one.get("rows") for one in self.members) if self.members else None
        self.rows = least(self.says.get("rows"), None if self.member else stated.get("rows"), self.inside)
        self.has_bytes = bool(artifact) and "basis" in artifact.says
        basis = ("basis", "computed") if self.member else ("rows_basis", "counted")
        self.has_no_row = bool(artifact) and basis in artifact.says.items() and (self.member or artifact.says).get("rows") == 0
    def is_beside(self):
        """Whether this is a file beside the weights of a model."""
        files = [(one["name"], one) for one in self.lines] if self.member else [(one.name, one.says) for one in self.set]
        return beside((self.member or vars(self.artifact))["name"], self.says) and not all(beside(*file) for file in files)

class Lineage:
    """Places are addresses (id, subject, line or None), runs (id, "run", None) and gaps (id, "gap", position)."""
    def __init__(self, statements, blobs, targets, found, places):
        self.nodes, self.blobs, self.found, self.places, self.missing = {}, blobs, found, places, "manifest_missing"
        for one in statements:
            self.nodes.setdefault(one.id, one)
        for method in ("members", "cites", "thing", "anew", "leaves"):
            setattr(self, method, cache(getattr(self, method)))
        self.walk = self.reach(map(self.end, targets))
        self.things = {place: self.thing(place) for place in self.walk if self.thing(place)}
        self.runs, self.missing = [self.nodes[place[0]] for place in self.walk if place[1] == "run"], "claims_incomplete"
    def manifest(self, sha256, expected, name):
        try:
            return lines(self.blobs[sha256], expected, name)
        except (KeyError, ValueError) as error:
            return self.found(self.missing if isinstance(error, KeyError) else "undecodable") or []
    def members(self, artifact):
        return self.manifest(artifact.sha256, artifact.says, "member") if artifact.says["content"] == "manifest" else []
    def cites(self, node):
        """What each input of a run cites, or a data set, or a filter; nothing for a gap."""
        model = [node.says["model"]] if "model" in node.says else []
        lists = [one.get("artifacts", []) for one in node.inputs] or [node.says.get("members", model)]
        def read(one): return one if isinstance(one, list) else [line["artifact"] for line in self.manifest(one["sha256"], one, "line")]
        return [list(map(ref, read(one))) for one in lists]
    def gaps(self, node):
        gaps = [one.get("unresolved") for one in node.inputs] or node.says.get("unresolved", [])
        return {(node.id, "gap", at): gap for at, gap in enumerate(gaps) if gap}
    def end(self, place):
        """What stands in the place of another in the end, by corrections and resolutions."""
        whole = place if place in self.places else (*place[:2], None)
        return self.end((*self.places[whole][:2], place[2]) if whole != place else self.places[place]) if whole in self.places else place
    def taken(self, node):
        """What each input takes, or a data set, or a filter, with what stands in its place by a notice."""
        lists = [[self.end(one) for one in cited] for cited in self.cites(node)]
        for gap in self.gaps(node):
            lists[gap[2] if node.inputs else 0].append(self.end(gap))
        return lists
    def below(self, place, heavy=False):
        """What a place descends from; of a run, with `heavy`, by the inputs that carry mass."""
        node = self.nodes.get(place[0])
        if not node or place[1] == "gap" or node.kind == "run" and place[1] != "run":
            return [(node.id, "run", None)] if node and place[1] != "gap" else []
        takes = [not heavy or one["role"] in self.mass(node) for one in node.inputs] or [True]
        return [one for take, cited in zip(takes, self.taken(node)) if take for one in cited]
    def reach(self, starts, below=None):
        queue = list(starts)
        seen = set(queue)
        while queue:
            new = [one for one in (below or self.below)(queue.pop()) if one not in seen]
            seen.update(new)
            queue += new
        return seen
    def opened(self, places, kinds):
        """Some places, and what those of them descend from that are nothing but what they hold."""
        holds = lambda place: self.thing(place) and self.thing(place).kind in kinds
        return self.reach(places, lambda place: self.below(place) if holds(place) else [])
    def thing(self, place):
        """What is cited; nothing if statement, subject or member is not there."""
        node, (subject, line) = self.nodes.get(place[0]), place[1:]
        if not node or type(subject) is str or node.kind == "dataset" or subject >= len(node.artifacts):
            return Thing(node, "dataset") if node and node.kind == "dataset" and (subject, line) == (0, None) else None
        artifact = node.artifacts[subject]
        members, (_, kind, item) = self.members(artifact), node.items[artifact.item]
        kind = "external" if kind == node.kind == "model" else kind
        return Thing(node, kind, item, artifact, members, line) if line is None or line < len(members) else None
    def mass(self, node):
        """The roles that carry mass."""
        of_rows = {"base"} if any(kind == "model" for _, kind, _ in node.items) else {"generator"} if "rewrites" in node.says else {"data"}
        return {"generate": {"generator", "teacher"}, "merge": {"base"}, "train": {"data", "generator", "base"},
                "transform": of_rows}.get(node.says["does"], {"data"})
    def contents(self, cited, alone):
        """The distinct contents of what is cited, with their rows."""
        found, items = {}, defaultdict(list)
        plain = [one for one in self.opened(cited, {"dataset"}) if not self.thing(one) or self.thing(one).kind != "dataset"]
        for place in plain:
            if not self.thing(place):
                found[place] = None
            elif place[2] is None or (*place[:2], None) not in plain:
                items[place[0], self.thing(place).artifact.item].append(self.thing(place))
        for key, things in items.items():
            rows, whole = things[0].item.get("rows"), len(things) == len(things[0].set) and not any(one.member for one in things)
            if whole and rows is not None and total(one.rows for one in things) is None:
                found[key], things = rows, []
            for one in things:
                inside = one.members if one.inside is not None and (len(plain) > 1 or not alone) else []
                for content, rows in [(line["sha256"], line["rows"]) for line in inside] or [(one.content or one, one.rows)]:
                    found[content] = least(found.get(content), rows)
        return found
    def has_too_many(self, run):
        """Whether more comes out of a run than went in, or more is taken than there is."""
        says, inputs, expansion = run.says, run.inputs, number(run.says.get("expansion"), 1)
        data = [at for at, one in enumerate(inputs) if one["role"] == "data"]
        supply = {at: self.contents(self.taken(run)[at], len(data) == 1) or {None: None} for at in data}
        repeat = {at: number(inputs[at].get("repeat"), 1) for at in data}
        def distinct(some):
            most = defaultdict(list)
            for at, key in ((at, key) for at in some for key in supply[at]):
                most[key].append(supply[at][key] if supply[at][key] is None else supply[at][key] * repeat[at])
            return total(None if None in counts else max(counts) for counts in most.values())
        if says["does"] == "train":
            if data and self.plain(run) and all(total(supply[at].values()) == 0 for at in data):
                self.found("nothing_to_trace")
            stating, there = [at for at in data if "rows" in inputs[at]], number(says.get("epochs"), 1)
            some = [(sum(inputs[at]["rows"] for at in some), distinct(some)) for some in [[at] for at in stating] + [stating]]
            return any(rows is not None and takes > rows * there for takes, rows in some)
        if says["does"] in ("generate", "merge") or self.mass(run) != {"data"}: return False
        outputs = [at for at, (_, kind, _) in enumerate(run.items) if kind != "model"]
        named = [([one for one in data if one in run.items[at][2].get("inputs", [])], [at]) for at in outputs]
        things = [self.thing((run.id, subject, None)) for subject in range(len(run.artifacts))]
        def comes(at):
            made = [max(one.artifact.says.get("rows", 0), one.inside or 0) for one in things if one.artifact.item == at]
            return max(run.items[at][2].get("rows", 0), sum(made))
        def goes(some):
            each = [(least(total(supply[at].values()), *map(inputs[at].get, ("rows", "kept"))), repeat[at]) for at in some]
            rows = total(None if rows is None else rows * times for rows, times in each)
            return None if rows is None else least(rows, distinct(some)) * min(expansion, expansion if self.plain(run) else 1)
        pairs = [(goes(some), sum(map(comes, out))) for some, out in [(data, outputs)] + [pair for pair in named if pair[0]]]
        return any(rows is not None and out > rows for rows, out in pairs)
    def plain(self, run): return all(one["role"] != "generator" for one in run.inputs)
    def anew(self, node_id):
        """Everything a run descends from, and what of it is below something that is made anew."""
        everything = self.reach([(node_id, "run", None)] if self.nodes[node_id].kind == "run" else [])
        runs = [self.nodes[place[0]] for place in everything if place[1] == "run"]
        does = ("train", "merge", "generate")
        makers = [one.id for one in runs if "rewrites" in one.says or one.says["does"] in does or not self.plain(one)]
        return everything, self.reach([low for one in makers for low in self.below((one, "run", None))])
    def descends(self, one, other):
        everything, anew = self.anew(one[0])
        ways = {other, (*other[:2], None)} & everything
        return "anew" if ways & anew else "plain" if ways else None
    def leaves(self, node_id):
        """What a run ends in: all of it, what brings mass, and the classes of that."""
        found = set(), set(), set()
        walks = [self.reach([(node_id, "run", None)], lambda one, heavy=heavy: self.below(one, heavy)) for heavy in (0, 1)]
        for heavy, place in ((heavy, place) for heavy in (0, 1) for place in walks[heavy]):
            thing = self.thing(place)
            if place[1] == "gap":
                found[heavy].add(tuple(sorted(self.gaps(self.nodes[place[0]])[place].items())))
            elif thing and thing.kind in LEAVES:
                says, model = thing.node.says, thing.kind == "external"
                about = (says["provider"], says["version"]) if model else thing.kind == "source" and facts(says)
                alone = (model, thing.content) if thing.content else (thing.kind, thing.artifact.sha256, about)
                found[heavy].update([(model, one["sha256"]) for one in thing.members] or [alone])
                found[2].update([thing.kind == "source" and facts(says)[:2]] if heavy and thing.kind in ("source", "external") else [])
        return found
    def on_walk(self, place): return place in self.walk or (*place[:2], None) in self.walk
    def conflict(self, one, other, claims):
        """The code of a conflict between two of the claims of a content, or nothing."""
        pair = a, b = claims[one], claims[other]
        kinds, models = {a.kind, b.kind}, [thing for thing in pair if thing.kind in MODELS]
        if self.end(one) == self.end(other): return None
        if any(what in a.says and what in b.says and a.says[what] != b.says[what] for what in ("blake3", "bytes", "rows")):
            return "conflicting_origin"
        if models and all(thing.is_beside() for thing in models) or kinds == {"external"}: return None
        if kinds == {"source"}:
            first, second = sorted((thing.node for thing in pair), key=lambda node: node.index)
            # A claim that a later one of the same signer replaces: which, this verifier does not work out, and says so.
            same_claim = (first.issuer, first.says["name"]) == (second.issuer, second.says["name"])
            replaced = same_claim and facts(second.says)[:2] < facts(first.says)[:2]
            return None if facts(first.says) == facts(second.says) else "limit_reached" if replaced else "conflicting_origin"
        ways = {self.descends(one, other), self.descends(other, one)}
        if kinds == MODELS and ("anew" in ways or "plain" not in ways):
            return "own_model_as_external" if self.on_walk(one if a.kind == "external" else other) else "conflicting_origin"
        if ways != {None} or any(self.descends(one, older) == self.descends(other, older) == "plain" for older in claims):
            return "conflicting_origin" if "anew" in ways else None
        alone = [({(thing.kind == "external", thing.content)},) * 2 for thing in pair]
        ends = [self.leaves(thing.node.id) if thing.node.kind == "run" else itself for thing, itself in zip(pair, alone)]
        # With leaves of several classes it depends on shares, which this verifier does not work out: it says so.
        mixed = any(len(one[2]) > 1 for one in ends if one[2:]) and {a.kind, b.kind}.isdisjoint({"prompt", "filter"})
        return "conflicting_origin" if ends[0][:2] != ends[1][:2] else "limit_reached" if mixed else None
    def bases(self, run):
        """How many models are merged, each counted once."""
        models = set()
        for one, (at, cited) in zip(run.inputs, enumerate(self.cites(run))):
            things = [(place, self.thing(place)) for place in cited]
            alone = [thing and thing.has_bytes and len(thing.set) == 1 and thing.artifact.sha256 for _, thing in things]
            items = [(place[0], thing and thing.artifact and thing.artifact.item) for place, thing in things]
            models |= {one or item for one, item in zip(alone, items)} or {(at, n) for n in range(taken(one))}
        return len(models)
    def declared(self, run):
        """The digests of everything a run declares to have taken."""
        found = {one["sha256"] for one in (*run.says.get("code", []), *self.gaps(run).values()) if "sha256" in one}
        for thing in map(self.thing, self.opened([place for cited in self.taken(run) for place in cited], {"dataset", "filter"})):
            found |= {thing.content} | {one["sha256"] for one in thing.members} if thing and thing.has_bytes else set()
        return found
