"""What descends from what, and the rules of docs/formats/rules.md about rows and about claims of the same content."""
import collections, functools
from math import inf
from formats import digest, like, lines, number, ref

ROWS, MODELS, LEAVES = {"source", "dataset", "shard", "scores"}, {"external", "model"}, {"source", "prompt", "filter", "external"}
PLAYS = {**dict.fromkeys(("generator", "teacher", "judge", "base", "model"), MODELS), "filter": {"filter"}, "parent": {"source"},
         "prompt": ROWS | {"prompt"}, "reference": ROWS | MODELS | LEAVES, "data of evaluate": ROWS | MODELS}
EMPTY = {digest(one + end) for one in (b"", b"[]", b"{}") for end in (b"", b"\n", b"\r\n")} | {digest(b"null"), digest(b"null\n")}
def beside(says): return like(says["name"], "beside") and says.get("bytes", inf) <= 64 << 20 and says.get("content", "file") == "file"
def all_rows(several): return sum(one.get("rows", inf) for one in several)
def plays(node, one):  # the kinds of things that may be an input of a statement
    return PLAYS.get(one["role"] + " of evaluate" * ((one["role"], node.says.get("does")) == ("data", "evaluate")), ROWS)
def generators(says): return says["generators"] if isinstance(says.get("generators"), list) else []
def facts(source):  # what two sources must agree in: class (0 the least favourable), share that is not synthetic, maker, generators
    made, names, share = source["made_by"], generators(source), source.get("synthetic_share")
    known = {"human": 5, "sensor": 5, "model": 3 * bool(names and not any(like(name.strip().lower(), "nameless") for name in names))}
    unknown = 2 if source["acquired_by"] in ("web_crawl", "user_data", "public_dataset") else 1
    rank, parents = known.get(made, 4 if made == "mixed" and share else unknown), (source.get("derived_from"), source.get("unresolved"))
    return rank, -number(source, "synthetic_share") * (made == "mixed"), made, frozenset(names), share, parents

class Thing:  # what is cited: an artifact, or a member of its manifest; `says` is said of it alone. Rows that nobody knows are infinite
    def __init__(self, node, artifact, lines, at):
        _, self.kind, self.item = node.items[artifact["item"]]
        self.node, self.artifact, self.lines, self.has_bytes = node, artifact, lines, "basis" in artifact
        self.member, self.members = (None, lines) if at is None else (lines[at], [])
        self.set = [one for one in node.artifacts if one["item"] == artifact["item"]]
        own, alone = self.member or artifact, len(self.set) == 1 and not self.member
        stated = {"rows": self.item["rows"]} if alone and "rows" in self.item else {}
        self.says, self.content, self.inside = stated | own, own["sha256"], all_rows(self.members) if self.members else inf
        self.rows = min(all_rows([own]), all_rows([stated]), self.inside)
        counted = ("basis", "computed") if self.member else ("rows_basis", "counted")
        self.has_no_row = counted in artifact.items() and own.get("rows") == 0
    def contents(self): return {self.content, *(one["sha256"] for one in self.members)} - {None}
    def is_beside(self):  # whether this is a file beside the weights of a model
        return beside(self.says) and not all(map(beside, self.lines if self.member else self.set))

class Lineage:  # its places are addresses (id, subject, line or None) and gaps (id, "gap", position)
    def __init__(self, statements, blobs, found):
        self.nodes, self.blobs, self.found = {one.id: one for one in reversed(statements)}, blobs, found
        self.places = {}  # what stands in the place of what by notices
        for method in ("members", "cites", "thing", "anew"):
            setattr(self, method, functools.cache(getattr(self, method)))
    def go(self, targets):  # walks everything that the targets descend from
        self.walk = self.reach(map(self.end, targets))
        self.things = {place: self.thing(place) for place in self.walk if self.thing(place)}
        self.ids = {place[0] for place in self.walk} & self.nodes.keys()
    def on_walk(self, place): return place in self.walk or (*place[:2], None) in self.walk
    def manifest(self, sha256, expected, name):
        return lines(self.blobs[sha256], expected, name) if sha256 in self.blobs else self.found("manifest_missing") or []
    def members(self, node_id, subject):
        one = self.nodes[node_id].artifacts[subject]
        return self.manifest(one["subject"], one, "member") if one["content"] == "manifest" else []
    def cites(self, node):  # what each input cites; a gap cites itself
        def read(one): return one if isinstance(one, list) else [line["artifact"] for line in self.manifest(one["sha256"], one, "line")]
        return [list(map(ref, read(one["artifacts"]))) if "artifacts" in one else [(node.id, "gap", at)]
                for at, one in enumerate(node.inputs)]
    def gap(self, place): return self.nodes[place[0]].inputs[place[2]].get("unresolved", {})
    def end(self, place):  # what stands in the place of another in the end, by corrections and resolutions
        if place in self.places: return self.end(self.places[place])
        whole = self.places.get((*place[:2], None))
        return self.end((*whole[:2], place[2])) if whole else place
    def taken(self, node): return [list(map(self.end, cited)) for cited in self.cites(node)]
    def below(self, place):  # what a place descends from directly: an output from all that its run takes
        return sum(self.taken(self.nodes[place[0]]), []) if place[0] in self.nodes and place[1] != "gap" else []
    def reach(self, starts, below=None):
        seen, new = set(), set(starts)
        while new:
            seen |= new
            new = {low for place in new for low in (below or self.below)(place)} - seen
        return seen
    def opened(self, places, kinds):  # some places, and what those of them descend from that are nothing but what they hold
        holds = lambda place: self.thing(place) and self.thing(place).kind in kinds
        return self.reach(places, lambda place: self.below(place) if holds(place) else [])
    def thing(self, place):  # nothing if statement, subject or member is not there
        node, (subject, line) = self.nodes.get(place[0]), place[1:]
        if not node or subject == "gap" or subject >= len(node.artifacts): return None
        members = self.members(*place[:2])
        return Thing(node, node.artifacts[subject], members, line) if line is None or line < len(members) else None
    def contents(self, cited, alone):  # the distinct contents of what is cited, with their rows
        items = collections.defaultdict(list)
        plain = [one for one in self.opened(cited, {"dataset"}) if not self.thing(one) or self.thing(one).kind != "dataset"]
        found = {place: inf for place in plain if not self.thing(place)}
        for place in plain:
            if place not in found and (place[2] is None or (*place[:2], None) not in plain):
                items[place[0], self.thing(place).artifact["item"]].append(self.thing(place))
        for key, things in items.items():
            whole = len(things) == len(things[0].set) and not any(one.member for one in things)
            if whole and "rows" in things[0].item and sum(one.rows for one in things) == inf:
                found[key], things = things[0].item["rows"], []
            for one in things:
                inside = one.members if one.inside < inf and (len(plain) > 1 or not alone) else []
                for content, rows in [(line["sha256"], line["rows"]) for line in inside] or [(one.content or one, one.rows)]:
                    found[content] = min(found.get(content, inf), rows)
        return found
    def has_too_many(self, run):  # whether more comes out of a run than went in, or more is taken than there is
        says, inputs, expansion = run.says, run.inputs, number(run.says, "expansion", 1)
        data, plain = [at for at, role in enumerate(run.roles) if role == "data"], "generator" not in run.roles
        supply = {at: self.contents(self.taken(run)[at], len(data) == 1) or {None: inf} for at in data}
        repeat = {at: number(inputs[at], "repeat", 1) for at in data}
        def distinct(some): return sum(max(supply[at][key] * repeat[at] for at in some if key in supply[at])
                                       for key in set().union(*(supply[at] for at in some)))
        if says["does"] == "train":
            fed = any(inputs[at].get("kept", 1) and any(supply[at].values()) for at in data)
            data and plain and not fed and self.found("nothing_to_trace")
            stating, epochs = [at for at in data if "rows" in inputs[at]], number(says, "epochs", 1)
            return any(all_rows(inputs[at] for at in some) > distinct(some) * epochs for some in [[at] for at in stating] + [stating])
        outputs = {at: item.get("inputs", []) for at, (_, kind, item) in enumerate(run.items) if kind != "model"}
        anew = says["does"] == "transform" and ("rewrites" in says or len(outputs) < len(run.items))
        if anew or says["does"] in ("generate", "merge"): return False
        def goes(some):
            rows = sum(min(sum(supply[at].values()), *(inputs[at].get(key, inf) for key in ("rows", "kept"))) * repeat[at] for at in some)
            return min(rows, distinct(some)) * (expansion if plain else min(expansion, 1))
        def comes(at):
            made = [self.thing((run.id, subject, None)) for subject, one in enumerate(run.artifacts) if one["item"] == at]
            several = [[run.items[at][2]], [one.artifact for one in made], [line for one in made for line in one.members]]
            return max(sum(one.get("rows", 0) for one in each) for each in several)
        named = [([one for one in data if one in names], [at]) for at, names in outputs.items()]
        return any(sum(map(comes, out)) > goes(some) for some, out in [(data, outputs)] + [pair for pair in named if pair[0]])
    def anew(self, place):  # everything a place descends from, and what of it is below something that is made anew
        def below(low): return self.below(low) if low[0] in self.nodes and self.nodes[low[0]].kind != "source" else []
        everything, does = self.reach(below(place), below), ("train", "merge", "generate")
        runs = [(self.nodes[low[0]], low) for low in {place, *everything} if low[0] in self.nodes and self.nodes[low[0]].kind == "run"]
        def remakes(run):  # what takes a model as data puts out what that model answered
            data = [place for one, cited in zip(run.inputs, self.taken(run)) if one["role"] == "data" for place in cited]
            asks = any(thing.kind in MODELS for thing in map(self.thing, data) if thing)
            return asks or "rewrites" in run.says or run.says["does"] in does or "generator" in run.roles
        makers = [low for run, low in runs if remakes(run)]
        return everything, self.reach((low for maker in makers for low in self.below(maker)), below)
    def descends(self, one, other):
        everything, anew = self.anew(one)
        ways = {other, (*other[:2], None)} & everything
        return "anew" if ways & anew else "plain" if ways else None
    def leaves(self, place):  # what a claim ends in
        if self.thing(place).node.kind != "run": return {(self.thing(place).kind == "external", self.thing(place).content)}
        gaps = {tuple(sorted(self.gap(low).items())) for low in self.anew(place)[0] if low[1] == "gap"}
        ends = [thing for thing in map(self.thing, self.anew(place)[0]) if thing and thing.kind in LEAVES]
        declared = {(thing.kind, thing.artifact["subject"]) for thing in ends if not thing.contents()}
        return gaps | declared | {(thing.kind == "external", one) for thing in ends for one in thing.contents()}
    def conflict(self, one, other, claims):  # between two of the claims of a content; the rules are numbered as on the page
        pair = a, b = claims[one], claims[other]
        kinds, models = {a.kind, b.kind}, [thing for thing in pair if thing.kind in MODELS]
        if self.end(one) == self.end(other): return None
        if any(a.says.get(what, b.says.get(what)) != b.says.get(what, a.says.get(what)) for what in ("blake3", "bytes", "rows")):
            return "conflicting_origin"  # 1
        if models and all(thing.is_beside() for thing in models) or kinds == {"external"}: return None  # 2, 4
        if kinds == {"source"}:  # 3; which claim a later one of its signer replaces, this verifier does not work out, and says so
            first, second = [thing.node.says for thing in sorted(pair, key=lambda thing: thing.node.index)]
            replaced = all(first[key] == second[key] for key in ("issuer", "name")) and facts(second)[:2] < facts(first)[:2]
            return None if facts(first) == facts(second) else "limit_reached" if replaced else "conflicting_origin"
        ways = {self.descends(one, other), self.descends(other, one)}
        if kinds == MODELS or ways != {None}: return "conflicting_origin" if "anew" in ways or ways == {None} else None  # 5, 6
        if any(self.descends(one, older) == self.descends(other, older) == "plain" for older in claims): return None  # 7
        # With the same leaves it may depend on shares, which this verifier does not work out: it says so.
        return "conflicting_origin" if self.leaves(one) != self.leaves(other) else "limit_reached"  # 8
    def bases(self, run):  # the models that are merged, each once
        things = [(place, self.thing(place)) for cited in self.cites(run) for place in cited]
        unread = {(at, n) for at, cited in enumerate(self.cites(run)) if not cited for n in range(2)}  # a manifest, so more than one
        def alone(thing): return thing.has_bytes and len(thing.set) == 1 and thing.artifact["subject"]
        return unread | {thing and (alone(thing) or (thing.node.id, thing.artifact["item"])) or place for place, thing in things}
    def declared(self, run):  # the digests of everything a run declares to have taken
        found = {one.get("sha256") for one in run.says.get("code", []) + [one.get("unresolved", {}) for one in run.inputs]}
        things = map(self.thing, self.opened([place for cited in self.taken(run) for place in cited], {"dataset", "filter"}))
        return found.union(*(thing.contents() for thing in things if thing and thing.has_bytes))
