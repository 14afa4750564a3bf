"""A second verifier of evidence bundles, written from docs/formats/ alone: verify_bundle.py BUNDLE --trust-root FILE"""
import argparse, json, pathlib, re, sys
from collections import defaultdict
from evidence import FORMATS, Statement, check, checkpoint, digest, ref
from keys import Keys
from notices import check_disclosure, check_withdrawals, redirections
from primitives import Refused, blake3, from_base64, need, parse, root, sha256, signed
from rules import EMPTY, LEAVES, MODELS, PLAYS, ROWS, Lineage, facts, taken

VERDICTS = {"tampered": 20, "not_traced": 21, "undecidable": 22, "not_permitted": 23, "traced": 0}
PAGE = (FORMATS.parent / "verdict.md").read_text().split("## Findings that lead to `")[1:]
CODES = {code: part.split("`")[0] for part in PAGE for code in re.findall(r"(?m)^\| `(\w+)` \|", part.split("\n## ")[0])}
LIMITS = {"bundle.json": 1 << 16, "checkpoint": 1 << 16, "tree": 1 << 28, "contested": 1 << 30}

def header(name, size):
    head = (name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"00000000000\0        0" + bytes(100)
            + b"ustar\x0000").ljust(512, b"\0")
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

def covered(parts):
    """The root over what covers the leaves."""
    half = 1 << (sum(part[1] for part in parts) - 1).bit_length() - 1 if len(parts) > 1 else 0
    left = [part for part in parts if part[0] - parts[0][0] < half]
    return sha256(b"\1" + covered(left) + covered(parts[len(left):])) if half else parts[0][2]

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
    """All failing findings: what was found first under each code."""
    findings, keys, seen, notices = {}, None, set(), []
    found = findings.setdefault

    def attempt(code, work, *given):
        try:
            return work(*given)
        except (Refused, ValueError) as error:
            return found([*error.args, None][1] or code if isinstance(error, Refused) else code, error.args[0]) and None
    parts = attempt("bundle_malformed", opened, data)
    size, top = parts and attempt("checkpoint_invalid", checkpoint, parts[1], trust) or (None, None)
    if not top or parts[2][-1][0] + parts[2][-1][1] != size:
        return findings or {"undecodable": "the tree has another size than the checkpoint"}
    targets, _, tree, contested, entries, blobs = parts
    covered(tree) == top or found("root_differs", "the entries are not those of the checkpoint")
    check_age(tree, size, min_size, newer and (attempt("earlier_invalid", checkpoint, newer, trust) or (0, b"")), found)
    statements = [one for index in sorted(entries) if (one := attempt("undecodable", Statement, entries[index], index))]
    0 in entries or found("entry_missing", "the genesis")
    for one in statements:
        if one.index == 0 and one.kind == "genesis":
            keys, same = Keys(one.says), all(one.says[key] == trust[key] for key in ("origin", "owners", "threshold", "log_key"))
            one.id == trust["genesis"] and same or found("genesis_differs", one.id)
            one.says["format"] == 1 or found("not_judged", "the format")
            one.issuer in keys.owners and keys.good(one) or found("signature_invalid", "entry 0")
        elif one.index == 0 or one.says.get("ledger") != trust["genesis"] and (one.kind != "source" or "ledger" in one.says):
            found("wrong_ledger" if one.index else "inadmissible", f"entry {one.index}")
    counted = check_seal(statements, size, contested, trust, found)
    for one in statements if keys else []:
        if one.kind in ("key", "notice") and one.id not in seen:
            good = keys.good(one) or found("signature_invalid", f"entry {one.index}") is None
            good and (notices.append(one) if one.kind == "notice" else attempt("inadmissible", keys.apply, one))
        seen.add(one.id)
    places = redirections(Lineage(statements, blobs, [], lambda *_: "told below"), notices, keys) if notices else {}
    lineage = Lineage(statements, blobs, targets, found, places)
    check_withdrawals(lineage, notices, keys)
    check_ties(lineage, contested, counted)
    check_evidence(lineage, keys)
    check_walk(lineage, targets)
    disclosed is None or check_disclosure(lineage, trust["genesis"], disclosed)
    return findings

def check_age(tree, end, min_size, newer, found):
    """Whether the bundle is as new as the reader demands, and of the same log as an earlier checkpoint."""
    size, top = newer or (0, b"")
    below = [part for part in tree if part[0] + part[1] <= size]
    end < max(min_size, size) and found("checkpoint_too_old", f"{end} entries")
    if 0 < size <= end:
        whole = sum(part[1] for part in below) == size
        whole and covered(below) == top or found("forked" if whole else "consistency_not_shown", f"the first {size} entries")

def check_seal(statements, size, contested, trust, found):
    """Whether the contested ties are those that the seal counts."""
    seal = next((one for one in statements if one.index == size - 1 and one.kind == "seal"), None)
    if not seal:
        return found("no_seal", "the last entry") and False
    log_key, says = from_base64(trust["log_key"].split("+", 2)[2])[1:], seal.says
    seal.issuer == digest(log_key) and signed(log_key, seal.pae, seal.signature) or found("signature_invalid", "the seal")
    rulings = [sha256(b"\0" + one.entry) for one in statements if one.kind in ("key", "notice")]
    if len(rulings) < says["rulings"]:
        found("rulings_missing", f"{len(rulings)} of {says['rulings']}")
    elif (len(rulings), root(rulings).hex(), seal.index) != (says["rulings"], says["rulings_root"], says["size"]):
        found("seal_false", "the rulings, or its place")
    records = [contested[at:at + 36] for at in range(0, len(contested), 36)]
    sound = all(one[:32] < two[:32] and one[32:] > b"\0\0\0\1" for one, two in zip(records, records[1:] + [b"\xff" * 33])) and len(contested) % 36 == 0
    if sound and (len(records), root([sha256(b"\0" + one) for one in records]).hex()) == (says["contested"], says["contested_root"]):
        return True
    return found("claims_incomplete" if sound and len(records) < says["contested"] else "contested_differs", "contested ties") and False

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
    having, ours, on_walk = defaultdict(lambda: defaultdict(list)), {}, {place[0] for place in lineage.walk}
    for one in lineage.nodes.values():
        for tie, place in ties(lineage, one):
            having[tie][one.id].append(place)
            if tie and (lineage.on_walk(place) if place else one.id in on_walk and one.kind in ("model", "run")):
                ours[tie] = {}
    for tie, here in ours.items():
        here.update({place: lineage.thing(place) for places in having[tie].values() for place in places if place})
        if counted and len(having[tie]) != counts.get(tie, 1):
            fewer = len(having[tie]) < counts.get(tie, 1)
            lineage.found("claims_incomplete" if fewer else "seal_false", f"{len(having[tie])} statements have the tie {tie}")
        for one, other in ((one, other) for one in here for other in here):
            a, b = here[one].node, here[other].node
            if a.kind == b.kind == "source" and b.index > a.index and (a.issuer, a.says["name"]) == (b.issuer, b.says["name"]):
                if facts(b.says)[:2] < facts(lineage.source(one))[:2]:
                    lineage.replaced[(*one[:2], None)] = b.says
    for tie, here in ours.items():
        if here and tie not in EMPTY and not all(thing.has_no_row for thing in here.values()):
            for one, other in ((one, other) for one in here if lineage.on_walk(one) for other in here if other[0] != one[0]):
                code = lineage.conflict(one, other, here)
                code and lineage.found(code, f"{one} and {other} have {tie}")

def check_evidence(lineage, keys):
    """Signatures, grants, citations, and the files that the ledger holds."""
    on_walk, found = {place[0] for place in lineage.walk}, lineage.found
    for one in [one for one in lineage.nodes.values() if one.items or one.kind == "dataset"]:
        told, ours = f"entry {one.index}", one.id in on_walk
        if keys and keys.good(one) is False:
            found("signature_invalid", told)
        elif keys and ours:
            keys.may(one, one.kind, f"{one.kind}:{one.says.get('does')}") or found("key_not_granted", told)
            keys.suspect(one) and found("suspect_key", told)
        for place in {place for cited in lineage.cites(one) for place in cited}:
            node, whole = lineage.nodes.get(place[0]), lineage.thing((*place[:2], None))
            unread = whole and whole.artifact and "root" in whole.artifact.says and not whole.lines
            if not node or node.index >= one.index:
                found("entry_missing", f"hb:{place[0]} below {told}")
            elif not lineage.thing(place) and not unread:
                found("inadmissible", f"{told} cites {place}")
        held = [thing.artifact.says | {"sha256": thing.content} for place, thing in lineage.things.items() if place[0] == one.id and "held" in thing.says]
        for file in held + [file for file in one.says.get("evidence", []) + one.says.get("code", []) if ours and "sealed" not in file]:
            blob = lineage.blobs.get(file["sha256"])
            if blob is None:
                found("blob_missing", file["sha256"])
            elif len(blob) != file.get("bytes", len(blob)) or "blake3" in file and blake3(blob).hex() != file["blake3"]:
                found("blob_differs", file["sha256"])

def check_walk(lineage, targets):
    """What the walk itself says against the lineage."""
    found, reads, nodes = lineage.found, defaultdict(set), lineage.nodes.values()
    for one in nodes:
        reads[one.says.get("run")] |= {read["sha256"] for read in one.says.get("reads", [])}
    own = {name for one in nodes if one.kind == "run" for name, kind, _ in one.items if kind == "model"}
    for place in lineage.walk:
        place[1] == "gap" and found("unresolved_input", place)
        place[0] in lineage.nodes or place in targets and found("entry_missing", f"hb:{place[0]}")
    for place, thing in lineage.things.items():
        name, worst = thing.node.says["name"], facts(lineage.source(place))[0] if thing.kind == "source" else 5
        thing.artifact and thing.artifact.says["content"] == "illustrative" and found("illustrative_digest", name)
        thing.kind == "external" and name in own and found("own_model_as_external", name)
        worst < 2 and found("origin_unknown" if worst else "synthetic_origin_unknown", name)
        cited = map(lineage.thing, lineage.cites(thing.node)[0]) if thing.kind in ("dataset", "filter") else []
        any(one and one.kind not in (ROWS if thing.kind == "dataset" else MODELS) for one in cited) and found("role_mismatch", name)
    for run in lineage.runs:
        says, counts = run.says, defaultdict(int)
        for one, cited in zip(run.inputs, lineage.cites(run)):
            counts[one["role"]] += taken(one)
            plays = PLAYS.get(one["role"], ROWS | MODELS if (says["does"], one["role"]) == ("evaluate", "data") else ROWS)
            any(thing and thing.kind not in plays for thing in map(lineage.thing, cited)) and found("role_mismatch", f"{one['role']} of {says['name']}")
        lacks = {"generate": not counts["generator"] + counts["teacher"], "train": not counts["data"] + counts["generator"],
                 "transform": not (counts["generator"] if "rewrites" in says else counts["data"] + counts["base"]),
                 "merge": lineage.bases(run) < 2}.get(says["does"], not counts["data"])
        lacks and found("nothing_to_trace", f"run {says['name']}")
        says["inputs_complete"] == "no" and found("inputs_incomplete", says["name"])
        reads[run.id] <= lineage.declared(run) or found("contradicted_by_observation", says["name"])
        lineage.check_rows(run)
    asked = [thing.kind for thing in map(lineage.thing, targets) if thing]
    asked and (not lineage.runs or set(asked) <= LEAVES) and found("nothing_to_trace", "what was asked about")

def verdict(findings):
    return min((CODES[code] for code in findings), key=list(VERDICTS).index, default="traced")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind, more in (("bundle", pathlib.Path, {}), ("--trust-root", pathlib.Path, {"required": True}), ("--min-size", int, {"default": 0}),
                             ("--newer", pathlib.Path, {}), ("--with", pathlib.Path, {"dest": "disclosed"})):
        parser.add_argument(name, type=kind, **more)
    given = parser.parse_args()
    trust_root, newer = check(parse(given.trust_root.read_bytes(), exact=False), "trust_root"), given.newer and given.newer.read_bytes()
    disclosed = given.disclosed and given.disclosed.read_bytes()
    answer = judge(given.bundle.read_bytes(), trust_root, given.min_size, newer, disclosed)
    print(json.dumps({"verdict": verdict(answer), "findings": sorted(answer), "told": {code: str(answer[code]) for code in answer}}))
    sys.exit(VERDICTS[verdict(answer)])
