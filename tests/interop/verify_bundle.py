"""A second verifier of evidence bundles, written from docs/formats/ alone: verify_bundle.py BUNDLE --trust-root FILE"""
import argparse, json, pathlib, re, sys
from collections import defaultdict
from evidence import FORMATS, Statement, check, checkpoint, digest, ref
from keys import Keys
from notices import check_disclosure, check_withdrawals, redirect
from primitives import blake3, covered, from_base64, need, parse, root, sha256, signed
from rules import EMPTY, LEAVES, MODELS, ROWS, Lineage, facts, plays, taken

VERDICTS = {"tampered": 20, "not_traced": 21, "undecidable": 22, "not_permitted": 23, "traced": 0}
PAGE = (FORMATS.parent / "verdict.md").read_text().split("## Findings that lead to `")[1:]
CODES = {code: part.split("`")[0] for part in PAGE for code in re.findall(r"(?m)^\| `(\w+)` \|", part.split("\n## ")[0])}
LIMITS = {"bundle.json": 1 << 16, "checkpoint": 1 << 16, "tree": 1 << 28, "contested": 1 << 30}

def header(name, size):
    head = name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"00000000000\0        0"
    head = (head + bytes(100) + b"ustar\x0000").ljust(512, b"\0")
    return head[:148] + b"%07o\0" % sum(head) + head[156:]
def container(data):
    """The members of a bundle as (name, bytes)."""
    found, at = [], 0
    while any(head := data[at:at + 512]):
        need(len(head) == 512, "no end", "bundle_incomplete")
        name, size = head[:100].rstrip(b"\0").decode(), int(head[124:135], 8)
        need(size <= LIMITS.get(name, 1 << 32) and head == header(name, size), "a header")
        start, at = at + 512, at + 512 + -(-size // 512) * 512
        need(len(data) >= at, "no end", "bundle_incomplete")
        need(not any(data[start + size:at]), "padding")
        found.append((name, data[start:start + size]))
    need(not any(data[at:]) and len(data) <= at + 1024, "something after the end")
    need(len(data) == at + 1024, "no end", "bundle_incomplete")
    need([name for name, _ in found[:4]] == list(LIMITS), "the first members")
    return found
def spans(tree):
    """What covers the leaves from the first on, as (first leaf, how many, hash, is an entry)."""
    found, end = [], None
    for line in tree.decode().split("\n")[:-1] + ([] if tree.endswith(b"\n") else [""]):
        part = re.fullmatch("(?:entry|node (0|[1-9][0-9]?)) (0|[1-9][0-9]{0,18}) ([0-9a-f]{64})", line)
        first, width = (int(part[2]), 1 << int(part[1] or 0)) if part else (1, 2)
        need(end in (None, first + width) and first % width == 0, "leaves are not covered once")
        found, end = [(first, width, bytes.fromhex(part[3]), part[1] is None)] + found, first
    need(end == 0, "leaves are not covered once")
    return found
def opened(data):
    """What is judged, the checkpoint, the tree, the contested ties, entries by number and blobs by digest."""
    (_, about), (_, note), (_, tree), (_, contested), *members = container(data)
    need(about.endswith(b"\n"), "bundle.json")
    tree, entries, blobs, about = spans(tree), {}, {}, check(parse(about[:-1]), "bundle")
    for first, _, leaf, is_entry in reversed(tree):
        if is_entry and members and members[0][0] == leaf.hex():
            entries[first] = members.pop(0)[1]
            need(sha256(b"\0" + entries[first]) == leaf and len(entries[first]) <= 65535, f"entry {first}")
    for name, body in members:
        need(name > max(blobs, default="") and digest(body) == name, f"blob {name}")
        blobs[name] = body
    need(len(about["artifacts"]) <= 64, "artifacts")
    return list(map(ref, about["artifacts"])), note, tree, contested, entries, blobs

def judge(data, trust, min_size=0, newer=None, disclosed=None):
    """The codes of all failing findings."""
    findings, keys, seen, notices = set(), None, set(), []
    found = findings.add
    def attempt(code, work, *given):
        try:
            return work(*given)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            return found(getattr(error, "code", None) or code)
    parts = attempt("bundle_malformed", opened, data)
    size, top = parts and attempt("checkpoint_invalid", checkpoint, parts[1], trust) or (None, None)
    if not top or parts[2][-1][0] + parts[2][-1][1] != size: return findings or {"undecodable"}
    targets, _, tree, contested, entries, blobs = parts
    root_of(tree) == top or found("root_differs")
    check_age(tree, size, min_size, newer and (attempt("earlier_invalid", checkpoint, newer, trust) or (0, b"")), found)
    statements = [one for index in sorted(entries) if (one := attempt("undecodable", Statement, entries[index], index))]
    0 in entries or found("entry_missing")
    for one in statements:
        if one.index == 0 and one.kind == "genesis":
            keys, same = Keys(one.says), all(one.says[key] == trust[key] for key in ("origin", "owners", "threshold", "log_key"))
            one.id == trust["genesis"] and same or found("genesis_differs")
            one.says["format"] == 1 or found("not_judged")
            one.issuer in keys.owners and keys.good(one) or found("signature_invalid")
        elif one.index == 0 or one.says.get("ledger") != trust["genesis"] and (one.kind != "source" or "ledger" in one.says):
            found("wrong_ledger" if one.index else "inadmissible")
    counted = check_seal(statements, size, contested, trust, found)
    for one in statements if keys else []:
        if one.kind in ("key", "notice") and one.id not in seen:
            good = keys.good(one) or found("signature_invalid")
            notices += [one] if good and one.kind == "notice" else []
            keys = good and one.kind == "key" and attempt("inadmissible", keys.after, one) or keys
        seen.add(one.id)
    before = Lineage(statements, blobs, [], set().add, {})
    told = redirect(before, notices, keys)
    lineage = Lineage(statements, blobs, targets, found, before.places)
    for target, other, code in told:
        lineage.end(target) in lineage.walk and (code == "entry_missing" or lineage.end(target) != lineage.end(other)) and found(code)
    check_withdrawals(lineage, notices, keys)
    check_ties(lineage, contested, counted)
    check_evidence(lineage, keys)
    check_walk(lineage, list(map(lineage.end, targets)))
    disclosed is None or attempt("disclosure_differs", check_disclosure, lineage, trust["genesis"], disclosed)
    return findings

def root_of(tree): return covered([part[:3] for part in tree])
def check_age(tree, end, min_size, newer, found):
    """Whether the bundle is as new as the reader demands, and of the same log as an earlier checkpoint."""
    size, top = newer or (0, b"")
    below = [part for part in tree if part[0] + part[1] <= size]
    end < max(min_size, size) and found("checkpoint_too_old")
    if 0 < size <= end:
        whole = sum(part[1] for part in below) == size
        whole and root_of(below) == top or found("forked" if whole else "consistency_not_shown")
def check_seal(statements, size, contested, trust, found):
    """Whether the contested ties are those that the seal counts."""
    seal = next((one for one in statements if one.index == size - 1 and one.kind == "seal"), None)
    if not seal: return found("no_seal")
    log_key, says = from_base64(trust["log_key"].split("+", 2)[2])[1:], seal.says
    seal.issuer == digest(log_key) and signed(log_key, seal.pae, seal.signature) or found("signature_invalid")
    rulings = [one.entry for one in statements if one.kind in ("key", "notice")]
    if len(rulings) < says["rulings"] or (len(rulings), root(rulings), seal.index) != (says["rulings"], says["rulings_root"], says["size"]):
        found("rulings_missing" if len(rulings) < says["rulings"] else "seal_false")
    records = [contested[at:at + 36] for at in range(0, len(contested), 36)]
    rising = all(one[:32] < two[:32] for one, two in zip(records, records[1:]))
    sound = rising and all(len(one) == 36 and one[32:] > b"\0\0\0\1" for one in records)
    if sound and (len(records), root(records)) == (says["contested"], says["contested_root"]): return True
    return found("claims_incomplete" if sound and len(records) < says["contested"] else "contested_differs")
def ties(lineage, one):
    """The ties of a statement, each with the place that has the content, if it is one of content."""
    for subject, artifact in enumerate(one.artifacts):
        yield from ((member["sha256"], (one.id, subject, line)) for line, member in enumerate(lineage.members(artifact)))
        yield artifact.content, (one.id, subject, None)
    named = [("model", name) for name, kind, _ in one.items if kind == "model"]
    named += [("run", one.says.get("run", one.id))] if one.kind in ("run", "observation") else []
    yield from ((digest("\n".join(("herdbook tie", *name)).encode()), None) for name in named)
def check_ties(lineage, contested, counted):
    """Everything that the seal counts for the lineage must be here, and what shares a content must agree."""
    counts = {contested[at:at + 32].hex(): int.from_bytes(contested[at + 32:at + 36], "big") for at in range(0, len(contested), 36)}
    having, ours, on_walk = defaultdict(lambda: defaultdict(list)), set(), {place[0] for place in lineage.walk}
    for one in lineage.nodes.values():
        for tie, place in ties(lineage, one):
            having[tie][one.id].append(place)
            is_ours = lineage.on_walk(place) if place else one.id in on_walk and one.kind in ("model", "run")
            ours |= {tie} if is_ours else set()
    for tie in ours - {None}:
        here = {place: lineage.thing(place) for places in having[tie].values() for place in places if place}
        if counted and len(having[tie]) != counts.get(tie, 1):
            lineage.found("claims_incomplete" if len(having[tie]) < counts.get(tie, 1) else "seal_false")
        if here and tie not in EMPTY and not all(thing.has_no_row for thing in here.values()):
            for one, other in ((one, other) for one in here if lineage.on_walk(one) for other in here if other[0] != one[0]):
                code = lineage.conflict(one, other, here)
                code and lineage.found(code)
def check_evidence(lineage, keys):
    """Signatures, grants, citations, and the files that the ledger holds."""
    on_walk, found = {place[0] for place in lineage.walk}, lineage.found
    for one in [one for one in lineage.nodes.values() if one.items or one.kind == "dataset"]:
        ours = one.id in on_walk
        if keys and keys.good(one) is False:
            found("signature_invalid")
        elif keys and ours:
            keys.may(one, one.kind, f"{one.kind}:{one.says.get('does')}") or found("key_not_granted")
            keys.suspect(one) and found("suspect_key")
        for place in {place for cited in lineage.cites(one) for place in cited}:
            node, whole = lineage.nodes.get(place[0]), lineage.thing((*place[:2], None))
            unread = whole and whole.artifact and "root" in whole.artifact.says and not whole.lines
            if not node or node.index >= one.index:
                found("entry_missing")
            elif not lineage.thing(place) and not unread:
                found("inadmissible")
        things = [thing for place, thing in lineage.things.items() if place[0] == one.id and "held" in thing.says]
        files = [file for file in one.says.get("evidence", []) + one.says.get("code", []) if ours and "sealed" not in file]
        for file in files + [thing.artifact.says | {"sha256": thing.content} for thing in things]:
            blob = lineage.blobs.get(file["sha256"])
            if blob is None:
                found("blob_missing")
            elif len(blob) != file.get("bytes", len(blob)) or "blake3" in file and blake3(blob).hex() != file["blake3"]:
                found("blob_differs")
def check_walk(lineage, targets):
    """What the walk itself says against the lineage."""
    found, reads, nodes = lineage.found, defaultdict(set), lineage.nodes.values()
    for one in nodes:
        reads[one.says.get("run")] |= {read["sha256"] for read in one.says.get("reads", [])}
    own = {name for one in nodes if one.kind == "run" for name, kind, _ in one.items if kind == "model"}
    for place in lineage.walk:
        place[1] == "gap" and found("unresolved_input")
        place[0] in lineage.nodes or place in targets and found("entry_missing")
    for place, thing in lineage.things.items():
        worst = facts(thing.node.says)[0] if thing.kind == "source" else 5
        thing.artifact and thing.artifact.says["content"] == "illustrative" and found("illustrative_digest")
        thing.kind == "external" and thing.node.says["name"] in own and found("own_model_as_external")
        worst < 2 and found("origin_unknown" if worst else "synthetic_origin_unknown")
        cited = map(lineage.thing, lineage.taken(thing.node)[0]) if thing.kind in ("dataset", "filter") else []
        any(one and one.kind not in (ROWS if thing.kind == "dataset" else MODELS) for one in cited) and found("role_mismatch")
    for run in lineage.runs:
        says, counts = run.says, defaultdict(int)
        for one, cited in zip(run.inputs, lineage.taken(run)):
            counts[one["role"]] += taken(one)
            any(thing and thing.kind not in plays(run, one["role"]) for thing in map(lineage.thing, cited)) and found("role_mismatch")
        lacks = {"generate": not counts["generator"] + counts["teacher"], "train": not counts["data"] + counts["generator"],
                 "transform": not (counts["generator"] if "rewrites" in says else counts["data"] + counts["base"]),
                 "merge": lineage.bases(run) < 2}.get(says["does"], not counts["data"])
        lacks and found("nothing_to_trace")
        says["inputs_complete"] == "no" and found("inputs_incomplete")
        reads[run.id] <= lineage.declared(run) or found("contradicted_by_observation")
        lineage.has_too_many(run) and found("rows_not_accounted")
    asked = [thing.kind for thing in map(lineage.thing, targets) if thing]
    asked and (not lineage.runs or set(asked) <= LEAVES) and found("nothing_to_trace")
def verdict(findings): return min((CODES[code] for code in findings), key=list(VERDICTS).index, default="traced")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--trust-root", type=pathlib.Path, required=True)
    parser.add_argument("--min-size", type=int, default=0)
    parser.add_argument("--newer", type=pathlib.Path)
    parser.add_argument("--with", type=pathlib.Path, dest="disclosed")
    given = parser.parse_args()
    trust_root, *others = check(parse(given.trust_root.read_bytes(), exact=False), "trust_root"), given.newer, given.disclosed
    answer = judge(given.bundle.read_bytes(), trust_root, given.min_size, *(path and path.read_bytes() for path in others))
    print(json.dumps({"verdict": verdict(answer), "findings": sorted(answer)}))
    sys.exit(VERDICTS[verdict(answer)])
