"""A second verifier of evidence bundles, written from docs/formats/ alone: verify_bundle.py BUNDLE --trust-root FILE"""
import argparse, collections, hmac, json, math, nacl.exceptions, pathlib, re, sys
from formats import (FORMATS, Missing, Statement, check, check_signature, checkpoint, covered, digest, folded, from_base64, need, opened,
                     parse, ref, root, tie, blake3)
from lineage import EMPTY, LEAVES, MODELS, Lineage, facts, generators, plays

VERDICTS = {"tampered": 20, "not_traced": 21, "undecidable": 22, "not_permitted": 23, "traced": 0}
PAGE = (FORMATS.parent / "verdict.md").read_text().split("## Findings that lead to `")[1:]
CODES = {code: part.split("`")[0] for part in PAGE for code in re.findall(r"(?m)^\| `(\w+)` \|", part.split("\n## ")[0])}
# What a correction may not change without a second key, beside counts and signer; of a source also its facts, or only for the worse.
LOUD = {"source": "licence licence_date acquired_by holder personal_data legal_basis", "filter": "model rule params",
        "model": "provider version family alias access licence licence_date terms report", "dataset": "members unresolved",
        "run": "does inputs inputs_complete code expansion rewrites epochs"}
def key_id(key): return digest(bytes.fromhex(key))

class Keys:  # from genesis and the key statements in log order
    def __init__(self, genesis):
        self.owners, self.threshold = {key_id(key): key for key in genesis["owners"]}, genesis["threshold"]
        self.grants, self.pending, self.affirmed = {}, {}, {}
        self.reserved = {*self.owners, digest(from_base64(genesis["log_key"].split("+", 2)[2])[1:])}
        for grant in genesis.get("grants", []): self.is_new(grant["public_key"]) and self.grant(0, **grant)
    def is_new(self, key): return key_id(key) not in {*self.reserved, *self.grants}
    def grant(self, index, public_key, kinds=(), holder=None, **_):
        self.grants[key_id(public_key)] = dict(key=public_key, kinds=kinds, holder=holder, at=index, to=math.inf, suspect=math.inf)
    def check(self, one):  # refuses a signature that is not good; whether anybody knows the key
        key = self.grants.get(one.issuer, {}).get("key", self.owners.get(one.issuer))
        return key and (check_signature(bytes.fromhex(key), one.pae, one.signature) or key)
    def may(self, one, *words):
        grant = self.grants.get(one.issuer, {"at": 1, "to": 0})
        return grant["at"] <= one.index < grant["to"] and {"*", *words} & set(grant["kinds"])
    def affirmers(self, one):
        return {by for by, at in self.affirmed.get(one.id, []) if by != one.issuer and at < self.grants[by]["suspect"]}
    def is_suspect(self, one): return one.index >= self.grants.get(one.issuer, {"suspect": math.inf})["suspect"] and not self.affirmers(one)
    def apply(self, one):  # takes in a key statement, or refuses it
        says, affirms = one.says, one.says["change"] == "affirm"
        need(self.may(one, "key", "key:affirm") if affirms else one.issuer in self.owners, "a key change by a key that may not")
        self.pending |= {one.id: (says, one.index, set())} if "public_key" in says else {}
        for statement in says["statements"] if affirms else []: self.affirmed.setdefault(statement, []).append((one.issuer, one.index))
        for statement in [] if affirms else says.get("statements", [one.id]):
            proposed, index, agreed = self.pending.get(statement, (None, None, {one.issuer}))
            need(one.issuer not in agreed, "nothing awaits that approval, or not this owner's")
            since = self.suspect_from(proposed, index)
            agreed.add(one.issuer)
            len(agreed) >= self.threshold and self.enact(self.pending.pop(statement)[0], one.index, since)
    def suspect_from(self, says, index):  # refuses a change that cannot be made; the entry from which a key is suspect by it
        grant, change = self.grants.get(key_id(says["public_key"])), says["change"]
        need(grant or change == "grant", "a key that had no grant")
        need(change == "revoke" or self.is_new(says["successor" if change == "rotate" else "public_key"]), "a key that is not new")
        if "since" not in says: return need(change == "grant" or grant["to"] == math.inf, "the grant has ended") and math.inf
        since = max(grant["at"], 0 if says["since"] == "grant" else int(says["since"]))
        return need(since <= index and since < min(grant["to"], grant["suspect"]), "nothing would be suspect") and since
    def enact(self, says, index, since):
        if says["change"] == "grant": return self.grant(index, **says)
        grant = self.grants[key_id(says["public_key"])]
        grant["to"], grant["suspect"] = min(grant["to"], index), min(grant["suspect"], since)
        "successor" in says and self.grant(index, says["successor"], grant["kinds"], grant["holder"])
def has_a_say(one, node, keys):  # whether a notice is by the key of its target, for the holder that the target names, or by an owner
    grant, named = keys.grants.get(one.issuer, {}), node.says.get("holder", node.says.get("provider"))
    return one.issuer in {node.issuer, *keys.owners} or named is not None and grant.get("holder") == named
def says_nothing_better(old, new):  # by the same signer: a less favourable claim, or the same about who made it and from what
    def told(thing):
        node, counted = thing.node, [part.get(key) for part in (thing.item, thing.artifact) for key in ("rows", "tokens")]
        outputs = node.kind == "run" and [{**item, "name": ""} for _, _, item in node.items]
        files = node.kind in ("run", "filter") and [one["subject"] for one in node.artifacts]
        return node.kind, node.issuer, counted, outputs, files, [node.says.get(key) for key in LOUD.get(node.kind, "").split()]
    sources = [facts(one.node.says) for one in (old, new) if one.kind == "source"]
    bound, binds = (set(one.node.says.get("restrictions", [])) for one in (old, new))
    same = told(old) == told(new) and (bound == binds or bound and bound <= binds)
    return same and (not sources or sources[1][:2] < sources[0][:2] or sources[0] == sources[1])
def counts(one, target, by, lineage, keys):  # whether something stands in the place of an artifact or of a gap by a notice
    (node_id, at, line), new = target, lineage.thing(by)
    node, old = lineage.nodes[node_id], lineage.thing(target)
    if max(node.index, new.node.index) >= one.index or keys.is_suspect(one) or lineage.end(by) == target: return False
    if at == "gap" and line < len(node.inputs):
        fits = new.has_bytes and lineage.gap(target).get("sha256") == new.content and node.issuer == one.issuer
        return fits and new.kind in LEAVES & plays(node, node.inputs[line]) and target not in lineage.places
    whole = line is None is by[2] and node is not new.node and old.content == new.content and has_a_say(one, node, keys)
    return whole and (says_nothing_better(old, new) or keys.affirmers(one) - {node.issuer})
def redirect(lineage, notices, keys):  # decides in log order what stands in the place of what; returns what else should stand there
    others, places = [], lineage.places
    for one in (one for one in notices if one.says["change"] in ("correct", "resolve")):
        targets = [(one.says["gap"][4:68], "gap", int(one.says["gap"][69:]))] if "gap" in one.says else map(ref, one.says["targets"])
        for target, other in zip(targets, map(ref, one.says["by"])):
            if target[0] not in lineage.nodes or target[1] != "gap" and not lineage.thing(target): continue
            if not lineage.thing(other) or counts(one, target, other, lineage, keys) and target in places:
                others += [(target, other)] if target[1] != "gap" else []
            elif counts(one, target, other, lineage, keys):
                places[target], start = other, lineage.end(other)
                if any(place[0] == start[0] and place[1] != "gap" for place in lineage.reach(lineage.below(start))): del places[target]
    return others
def check_withdrawals(lineage, notices, keys):  # they count for ever, and for the same content under whatever name
    for one, target in ((one, ref(target)) for one in notices if "effect" in one.says for target in one.says["targets"]):
        thing, at = lineage.thing(target), lineage.end(target)
        if not thing or not has_a_say(one, thing.node, keys): continue
        contents = set() if thing.kind in MODELS and thing.content and thing.is_beside() else thing.contents() - EMPTY
        hit = {place for place in lineage.walk if place[:2] == at[:2] and (None in (place[2], at[2]) or place == at)}
        hit |= {place for place, other in lineage.things.items() if other.contents() & contents}
        later = [place for place in lineage.walk if place[0] in lineage.nodes and lineage.nodes[place[0]].index > one.index]
        used = any(hit & lineage.opened(lineage.below(place), {"dataset", "filter"}) for place in later)
        (used if one.says["effect"] == "no_new_use" else hit) and lineage.found("withdrawn")

def judge(data, trust, min_size=0, newer=None, disclosed=None):  # the verdict, and why; what is false is refused at once, being the worst
    codes = set()
    try:
        look(*opened(data), trust, min_size, newer, disclosed, codes.add)
    except (ValueError, LookupError, TypeError, AttributeError, nacl.exceptions.CryptoError) as error:
        return "undecidable" if isinstance(error, Missing) else "tampered", {str(error)}
    return min((CODES[code] for code in codes), key=list(VERDICTS).index, default="traced"), codes
def look(targets, note, tree, contested, entries, blobs, trust, min_size, newer, disclosed, found):  # tells what fails
    size, top = checkpoint(note, trust)
    need(tree[-1][0] + tree[-1][1] == size and covered(tree) == top, "root_differs")
    statements = [one for at in sorted(entries) if (one := Statement(entries[at], at)).kind or found("not_judged")]
    lineage, keys, notices = Lineage(statements, blobs, found), None, []
    for one in statements:
        ledger = one.says.get("ledger", trust["genesis"] if one.kind == "source" else None)
        need(one.index == 0 or ledger == trust["genesis"], "wrong_ledger")
        if one.index == 0:
            keys, same = Keys(one.says), all(one.says[key] == trust[key] for key in ("origin", "owners", "threshold", "log_key"))
            need(one.kind == "genesis" and one.id == trust["genesis"] and same, "genesis_differs")
            need(one.issuer in keys.owners and keys.check(one), "signature_invalid")
            one.says["format"] == 1 or found("not_judged")
        elif keys and one.kind in ("key", "notice") and lineage.nodes[one.id] is one:
            need(keys.check(one), "signature_invalid")
            notices.append(one) if one.kind == "notice" else keys.apply(one)
    keys or found("entry_missing")
    counts = check_seal(statements, size, contested, trust, found)
    others = redirect(lineage, notices, keys)
    lineage.go(targets)
    for target, other in ((lineage.end(target), other) for target, other in others):
        target in lineage.walk and target != lineage.end(other) and found("conflicting_origin" if lineage.thing(other) else "entry_missing")
    check_withdrawals(lineage, notices, keys)
    check_ties(lineage, counts)
    check_evidence(lineage, keys)
    check_walk(lineage, list(map(lineage.end, targets)))
    disclosed is None or check_disclosure(lineage, trust["genesis"], disclosed)
    check_age(tree, size, min_size, newer, trust, found)
def check_age(tree, end, min_size, newer, trust, found):  # as new as the reader demands, and of the same log as an earlier checkpoint
    try:
        size, top = checkpoint(newer, trust) if newer else (0, b"")
    except (ValueError, nacl.exceptions.CryptoError):
        return found("earlier_invalid")
    below = [part for part in tree if part[0] + part[1] <= size]
    end < max(min_size, size) and found("checkpoint_too_old")
    if 0 < size <= end:
        sum(part[1] for part in below) == size and need(covered(below) == top, "forked") or found("consistency_not_shown")
def check_seal(statements, size, contested, trust, found):  # the contested ties with how often they occur, if the seal counts as many
    seal, log_key = statements[-1] if statements else None, from_base64(trust["log_key"].split("+", 2)[2])[1:]
    if not seal or (seal.index, seal.kind) != (size - 1, "seal"): return found("no_seal")
    check_signature(log_key, seal.pae, seal.signature)
    records = [contested[at:at + 36] for at in range(0, len(contested), 36)]
    counts = {one[:32].hex(): int.from_bytes(one[32:], "big") for one in records}
    need(list(counts) == sorted(counts) and len(counts) * 36 == len(contested) and min(counts.values(), default=2) > 1, "contested_differs")
    rulings = [one.entry for one in statements if one.kind in ("key", "notice")]
    need((seal.issuer, seal.says["size"]) == (digest(log_key), seal.index), "seal_false")
    for rows, what, code in ((rulings, "rulings", "rulings_missing"), (records, "contested", "claims_incomplete")):
        whole = (len(rows), root(rows)) == (seal.says[what], seal.says[f"{what}_root"])
        found(code) if len(rows) < seal.says[what] else need(whole, "seal_false")
    return counts if len(records) == seal.says["contested"] else None
def ties(lineage, one):  # the ties of a statement, each with the place that has the content, if it is one of content
    for at, artifact in enumerate(one.artifacts):
        yield from [(artifact["sha256"], (one.id, at, None))]
        yield from ((line["sha256"], (one.id, at, number)) for number, line in enumerate(lineage.members(one.id, at)))
    names = map(folded, [name for name, kind, _ in one.items if kind in MODELS] + generators(one.says))
    runs = [one.says.get("run", one.id)] if one.kind in ("run", "observation") else []
    yield from [(tie("model", name), None) for name in names] + [(tie("run", run), None) for run in runs]
def check_ties(lineage, counts):  # what the seal counts for the lineage must be here, and what shares a content must agree
    having, ours = collections.defaultdict(lambda: collections.defaultdict(list)), set()
    for one in lineage.nodes.values():
        for what, place in ties(lineage, one):
            having[what][one.id].append(place)
            ours |= {what} if (lineage.on_walk(place) if place else one.id in lineage.ids) else set()
    for what in ours - {None}:
        here = {place: lineage.thing(place) for places in having[what].values() for place in places if place}
        if counts is not None and len(having[what]) != counts.get(what, 1):
            need(len(having[what]) < counts.get(what, 1), "seal_false") and lineage.found("claims_incomplete")
        if here and what not in EMPTY and not all(thing.has_no_row for thing in here.values()):
            pairs = [(one, other) for one in here if lineage.on_walk(one) for other in here if other[0] != one[0]]
            any(map(lineage.found, {lineage.conflict(*pair, here) for pair in pairs} - {None}))
def check_evidence(lineage, keys):  # signatures, grants, citations, and the files that the ledger holds
    for one in [one for one in lineage.nodes.values() if one.items]:
        known, says, held = keys and keys.check(one), one.says, []
        if one.id in lineage.ids:
            granted = not keys or known and keys.may(one, one.kind, f"{one.kind}:{says.get('does')}") and not keys.is_suspect(one)
            granted or lineage.found("key_not_granted")
            held = [file for file in says.get("evidence", []) + says.get("code", []) if "sealed" not in file]
            held += [thing.says for place, thing in lineage.things.items() if place[0] == one.id and "held" in thing.says]
        for place in {place for cited in lineage.cites(one) for place in cited if place[1] != "gap"}:
            node, whole = lineage.nodes.get(place[0]), lineage.thing((*place[:2], None))
            there = node and node.index < one.index or lineage.found("entry_missing")
            need(not there or lineage.thing(place) or whole and "root" in whole.says and not whole.lines, "inadmissible")
        for file, blob in ((file, lineage.blobs.get(file["sha256"])) for file in held):
            what = {} if blob is None else {"bytes": len(blob), "blake3": blake3(blob).hexdigest()}
            need(all(file.get(key, what[key]) == what[key] for key in what), "blob_differs") and what or lineage.found("blob_missing")
def check_walk(lineage, targets):  # what the walk itself says against the lineage
    found, nodes = lineage.found, lineage.nodes.values()
    own = {folded(name) for one in nodes if one.kind == "run" for name, kind, _ in one.items if kind == "model"}
    for place in lineage.walk:
        place[0] in lineage.nodes or found("entry_missing")
        place[1] == "gap" and found("unresolved_input")
    for thing in lineage.things.values():
        names = [thing.node.says["name"]] if thing.kind == "external" else generators(thing.node.says)
        set(map(folded, names)) & own and found("own_model_as_external")
        thing.kind == "source" and facts(thing.node.says)[0] < 2 and found("origin_unknown")
        thing.artifact["content"] == "illustrative" and found("illustrative_digest")
    for node in map(lineage.nodes.get, lineage.ids):
        for one, cited in zip(node.inputs, lineage.taken(node)):
            all(thing.kind in plays(node, one) for thing in map(lineage.thing, cited) if thing) or found("role_mismatch")
    runs = [node for node in map(lineage.nodes.get, lineage.ids) if node.kind == "run"]
    for run in runs:
        says, roles = run.says, set(run.roles)
        lacks = {"generate": not roles & {"generator", "teacher"}, "train": not roles & {"data", "generator"},
                 "transform": not roles & ({"generator"} if "rewrites" in says else {"data", "base"}),
                 "merge": len(lineage.bases(run)) < 2}.get(says["does"], "data" not in roles)
        lacks and found("nothing_to_trace")
        says["inputs_complete"] == "no" and found("inputs_incomplete")
        reads = {read["sha256"] for one in nodes if one.says.get("run") == run.id for read in one.says.get("reads", [])}
        reads <= lineage.declared(run) or found("contradicted_by_observation")
        lineage.has_too_many(run) and found("rows_not_accounted")
    asked = [thing.kind for thing in map(lineage.thing, targets) if thing]
    asked and (not runs or set(asked) <= LEAVES) and found("nothing_to_trace")
def context(parts, node):  # of a place that can be withheld, from its JSON pointer (docs/formats/statement.md, What can be withheld)
    above, last = ["", *parts][-2:]
    is_file = {"evidence", "code"} & {*parts} or len(parts) == 1 or parts[0] == "subject" and "basis" in node.artifacts[int(parts[1])]
    names = {"sha256": "content", "text": "gap", "run": "name", "name": "file-name" if is_file else "name"}
    return f"{above}.{last}" if above in ("params", "environment", "crawl") else names.get(last, above if last.isdigit() else last)
def check_disclosure(lineage, ledger, data):  # refuses what is disclosed of the walk and is not what was committed to
    given = parse(data.removesuffix(b"\n"))
    for one in need(given["ledger"] == f"hb:{ledger}", "disclosure_differs") and given["disclosures"]:
        (node_id, *place), salt = one["address"].removeprefix("hb:").split("/"), bytes.fromhex(one["salt"])
        if node_id in lineage.ids:
            at = lineage.thing((node_id, *map(int, place))).member if place else lineage.nodes[node_id].body
            parts = [part.replace("~1", "/").replace("~0", "~") for part in one["field"][1:].split("/")]
            for part in parts: at = at[int(part)] if isinstance(at, list) else at[part]
            told = hmac.new(salt, f"{one['context']}\n{one.get('text')}".encode(), "sha256").hexdigest()
            says = f"commitment:{told}" if "text" in one else digest(salt + from_base64(one["bytes"]))
            need(at == says and one["context"] == context(parts, lineage.nodes[node_id]), "disclosure_differs")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("bundle", "--trust-root", "--min-size", "--newer", "--with"):
        parser.add_argument(option, type=int if option == "--min-size" else lambda path: pathlib.Path(path).read_bytes())
    given = vars(parser.parse_args())
    trust_root = check(parse(given["trust_root"], exact=False), "trust_root")
    verdict, why = judge(given["bundle"], trust_root, given["min_size"] or 0, given["newer"], given["with"])
    print(json.dumps({"verdict": verdict, "why": sorted(why)}))
    sys.exit(VERDICTS[verdict])
