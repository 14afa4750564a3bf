"""A second verifier of evidence bundles, written from docs/formats/ alone: verify_bundle.py BUNDLE --trust-root FILE"""

import json
import pathlib
import re
import sys
from collections import defaultdict

from evidence import NotJudged, Refused, Statement, check, checkpoint, digest, ref
from primitives import blake3, from_base64, need, parse, root, sha256, signed
from rules import PLAYS, ROWS, MODELS, Lineage, origin

VERDICTS = {"tampered": 20, "not_traced": 21, "undecidable": 22, "not_permitted": 23, "traced": 0}
PAGE = pathlib.Path(__file__).parents[2].joinpath("docs/verdict.md").read_text().split("## Findings that lead to `")[1:]
CODES = {code: part.split("`")[0] for part in PAGE for code in re.findall(r"(?m)^\| `(\w+)` \|", part.split("\n## ")[0])}

class Incomplete(Exception):
    """A file that ends before the bundle does."""

def header(name, size):
    head = (name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"0" * 11 + b"\0" + b" " * 8
            + b"0" + bytes(100) + b"ustar\0" + b"00" + bytes(247))
    return head[:148] + b"%07o\0" % sum(head) + head[156:]

def container(data):
    """The members of a bundle as (name, bytes)."""
    found, at = [], 0
    while any(data[at:at + 512]):
        name, size = data[at:at + 100].rstrip(b"\0"), re.fullmatch(b"[0-7]{11}", data[at + 124:at + 135])
        if len(data) < at + 512:
            raise Incomplete
        need(size and name.isascii() and data[at:at + 512] == header(name.decode(), int(size[0], 8)), "a header")
        end = at + 512 + int(size[0], 8)
        if len(data) < -(-end // 512) * 512:
            raise Incomplete
        found.append((name.decode(), data[at + 512:end]))
        at = -(-end // 512) * 512
        need(not any(data[end:at]), "padding")
    if len(data) < at + 1024:
        raise Incomplete
    need(len(data) == at + 1024 and not any(data[at:]), "something after the end")
    need([name for name, _ in found[:4]] == ["bundle.json", "checkpoint", "tree", "contested"], "the first members")
    need(all(len(body) <= limit for (_, body), limit in zip(found, (65536, 65536, 1 << 28, 1 << 30))), "a long member")
    return found

def spans(tree):
    """What covers the leaves, as (first leaf, how many, hash, is an entry), from the first."""
    found, end = [], None
    need(tree.endswith(b"\n") and tree.isascii(), "tree")
    for line in tree.decode().split("\n")[:-1]:
        part = re.fullmatch("(?:entry|node ([1-9]?[0-9])) (0|[1-9][0-9]{0,18}) ([0-9a-f]{64})", line)
        need(part, "a line of tree")
        first, width = int(part[2]), 1 << int(part[1] or 0)
        need((end is None or first + width == end) and first % width == 0, "leaves are not covered once")
        found.append((first, width, bytes.fromhex(part[3]), part[1] is None))
        end = first
    need(end == 0, "leaves are not covered once")
    return found[::-1]

def covered(parts):
    if len(parts) == 1:
        return parts[0][2]
    first, size = parts[0][0], sum(part[1] for part in parts)
    half = 1 << (size - 1).bit_length() - 1
    split = [part for part in parts if part[0] < first + half]
    need(sum(part[1] for part in split) == half, "leaves are not covered once")
    return sha256(b"\1" + covered(split) + covered(parts[len(split):]))

class Keys:
    """Who may sign what, from genesis and the key statements in log order (rules.md)."""

    def __init__(self, genesis):
        self.owners = {digest(bytes.fromhex(key)): key for key in genesis.get("owners", [])}
        self.grants, self.threshold, self.pending, self.affirmed = {}, genesis.get("threshold"), {}, defaultdict(set)
        for grant in genesis.get("grants", []):
            self.grant(grant["public_key"], grant.get("kinds", []), 0)

    def grant(self, key, kinds, index):
        self.grants[digest(bytes.fromhex(key))] = {"key": key, "kinds": kinds, "from": index, "to": 1 << 63, "suspect": 1 << 63}

    def good(self, one):
        """Whether the signature verifies; nothing where nobody knows the key."""
        key = self.grants.get(one.issuer, {}).get("key", self.owners.get(one.issuer))
        return key and signed(bytes.fromhex(key), one.pae, one.signature)

    def may(self, one, words):
        grant = self.grants.get(one.issuer, {"from": 1, "to": 0})
        return grant["from"] <= one.index < grant["to"] and {"*", *words} & set(grant["kinds"])

    def suspect(self, one):
        trusted = [by for by in self.affirmed[one.id] if by != one.issuer and self.grants[by]["suspect"] == 1 << 63]
        return one.index >= self.grants.get(one.issuer, {"suspect": 1 << 63})["suspect"] and not trusted

    def apply(self, one):
        change, statements = one.says, one.says.get("statements", [])
        if change["change"] == "affirm":
            need(self.may(one, ["key", "key:affirm"]), "an affirmation without a grant")
            for statement in statements:
                self.affirmed[statement].add(one.issuer)
            return
        need(one.issuer in self.owners, "not an owner")
        if change["change"] != "approve":
            self.sound(change)
            self.pending[one.id], statements = (change, set()), [one.id]
        for statement in statements:
            need(statement in self.pending, "nothing awaits that approval")
            self.pending[statement][1].add(one.issuer)
            if len(self.pending[statement][1]) >= self.threshold:
                self.enact(self.pending.pop(statement)[0], one.index)

    def sound(self, change):
        new = change.get("successor" if change["change"] == "rotate" else "public_key")
        known = [key is not None and digest(bytes.fromhex(key)) in self.grants for key in (change.get("public_key"), new)]
        if change["change"] == "grant":
            need(new and change.get("kinds") and not known[1], "a grant")
        else:
            need(known[0] and (change["change"] == "revoke" or new and not known[1]), "a key that had no grant, or had one")
            need(change["change"] == "rotate" or change.get("revocation") == "retired" or
                 "revocation" in change and "since" in change, "a revocation")

    def enact(self, change, index):
        self.sound(change)
        if change["change"] == "grant":
            return self.grant(change["public_key"], change["kinds"], index)
        grant = self.grants[digest(bytes.fromhex(change["public_key"]))]
        grant["to"] = min(grant["to"], index)
        if change.get("revocation") == "compromised":
            since = change.get("since", "grant")
            grant["suspect"] = min(grant["suspect"], grant["from"] if since == "grant" else int(since))
        if change["change"] == "rotate":
            self.grant(change["successor"], grant["kinds"], index)

def judge(data, trust):
    """All failing findings: what was found first under each code."""
    findings = {}
    found = findings.setdefault
    try:
        parts = container(data)
        facts, contested = check(parse(parts[0][1][:-1]), "bundle"), parts[3][1]
        tree, members = spans(parts[2][1]), parts[4:]
        need(parts[0][1].endswith(b"\n") and len(facts["artifacts"]) <= 64, "bundle.json")
        entries, blobs = {}, {}
        for first, _, leaf, is_entry in reversed(tree):
            if is_entry and members and members[0][0] == leaf.hex():
                entries[first] = members.pop(0)[1]
                need(sha256(b"\0" + entries[first]) == leaf, f"entry {first}")
        for name, body in members:
            need(name > max(blobs, default="") and digest(body) == name, f"blob {name}")
            blobs[name] = body
        targets = list(map(ref, facts["artifacts"]))
    except Incomplete:
        return {"bundle_incomplete": "the file ends before the bundle does"}
    except (Refused, ValueError) as error:
        return {"bundle_malformed": str(error)}
    try:
        size, top = checkpoint(parts[1][1], trust)
    except (Refused, ValueError) as error:
        return {"checkpoint_invalid": str(error)}
    try:
        need(tree[-1][0] + tree[-1][1] == size and covered(tree) == top, "the tree is not that of the checkpoint")
    except Refused as error:
        found("root_differs", str(error))
    statements, genesis, keys = [], None, Keys({})
    for index, entry in sorted(entries.items()):
        try:
            statements.append(Statement(entry, index))
        except NotJudged as error:
            found("not_judged", f"entry {index}: {error}")
        except Refused as error:
            found("undecodable", f"entry {index}: {error}")
    if 0 not in entries:
        found("entry_missing", "the genesis")
    for one in statements:
        offered = one.kind == "source" and "ledger" not in one.says
        if one.index == 0 and one.kind == "genesis":
            genesis, keys = one, Keys(one.says)
        elif one.index == 0:
            found("inadmissible", "entry 0 is no genesis")
        elif one.says.get("ledger") != trust["genesis"] and not offered:
            found("wrong_ledger", f"entry {one.index}")
    if genesis:
        if genesis.id != trust["genesis"] or any(
                genesis.says[key] != trust[key] for key in ("origin", "owners", "threshold", "log_key")):
            found("genesis_differs", genesis.id)
        if genesis.says["format"] != 0:
            found("not_judged", "format")
        if genesis.issuer not in keys.owners or not keys.good(genesis):
            found("signature_invalid", "entry 0")
    check_seal(statements, size, contested, trust, found)
    rulings, seen = [one for one in statements if one.kind in ("key", "notice")], set()
    for one in [one for one in rulings if genesis and not (one.id in seen or seen.add(one.id))]:
        if one.kind == "notice":
            found("not_judged", f"entry {one.index}: a notice")
        elif not keys.good(one):
            found("signature_invalid", f"entry {one.index}")
        else:
            try:
                keys.apply(one)
            except Refused as error:
                found("inadmissible", f"entry {one.index}: {error}")
    lineage = Lineage(statements, blobs, targets, found)
    check_ties(lineage, statements, contested)
    check_evidence(lineage, keys, genesis)
    check_lineage(lineage, targets)
    return findings

def check_seal(statements, size, contested, trust, found):
    seal = next((one for one in statements if one.index == size - 1 and one.kind == "seal"), None)
    if not seal:
        return found("no_seal", "the last entry")
    log_key = from_base64(trust["log_key"].split("+", 2)[2])[1:]
    if seal.issuer != digest(log_key) or not signed(log_key, seal.pae, seal.signature):
        found("signature_invalid", "the seal")
    rulings = [sha256(b"\0" + one.entry) for one in statements if one.kind in ("key", "notice")]
    if len(rulings) < seal.says["rulings"]:
        found("rulings_missing", f"{len(rulings)} of {seal.says['rulings']}")
    elif (len(rulings), root(rulings).hex()) != (seal.says["rulings"], seal.says["rulings_root"]):
        found("seal_false", "rulings")
    records = [contested[at:at + 36] for at in range(0, len(contested), 36)]
    sound = all(one[:32] < two[:32] for one, two in zip(records, records[1:])) and all(
        len(one) == 36 and one[32:] > b"\0\0\0\1" for one in records)
    if sound and len(records) < seal.says["contested"]:
        found("claims_incomplete", "records of contested ties")
    elif not sound or (len(records), root([sha256(b"\0" + one) for one in records]).hex()) != (
            seal.says["contested"], seal.says["contested_root"]):
        found("contested_differs", "records of contested ties")

def ties(lineage, one):
    """The ties of a statement, those of its artifacts with their places."""
    for subject, artifact in enumerate(one.artifacts):
        members = lineage.members(artifact) if artifact.says["content"] == "manifest" else []
        yield from ((member["sha256"], (one.id, subject, line)) for line, member in enumerate(members))
        if artifact.content:
            yield artifact.content, (one.id, subject, None)
    name = lambda kind, text: (digest(f"herdbook tie\n{kind}\n{text}".encode()), None)
    yield from (name("model", item) for item, kind, _ in one.items if kind == "model")
    if one.kind in ("run", "observation"):
        yield name("run", one.says.get("run", one.id))

def check_ties(lineage, statements, contested):
    """Everything that the seal counts for the lineage must be here, and what shares a content must agree."""
    counts = {contested[at:at + 32].hex(): int.from_bytes(contested[at + 32:at + 36], "big") for at in range(0, len(contested), 36)}
    having, ours = defaultdict(dict), set()
    for one in lineage.nodes.values():
        for tie, place in ties(lineage, one):
            having[tie].setdefault(one.id, []).append(place)
            node_on_walk = (one.id, "run", None) in lineage.walk or one.kind == "model" and any(
                walked[0] == one.id for walked in lineage.things)
            if lineage.on_walk(place) if place else node_on_walk and one.kind in ("run", "model"):
                ours.add(tie)
    for tie in sorted(ours):
        if len(having[tie]) != counts.get(tie, 1):
            fewer = len(having[tie]) < counts.get(tie, 1)
            lineage.found("claims_incomplete" if fewer else "seal_false", f"{len(having[tie])} statements have the tie {tie}")
    claims = [{place: lineage.thing(place) for places in having[tie].values() for place in places if place}
              for tie in sorted(ours)]
    for one in claims:
        lineage.replace(one)
    for one in claims:
        if one:
            lineage.check_claims(one)
    own = {name for one in lineage.nodes.values() if one.kind == "run" for name, kind, _ in one.items if kind == "model"}
    for thing in lineage.things.values():
        if thing and thing.kind == "external" and thing.node.says["name"] in own:
            lineage.found("own_model_as_external", thing.node.says["name"])

def check_evidence(lineage, keys, genesis):
    """Signatures, grants, citations, and the files that the ledger holds."""
    on_walk = {place[0] for place in lineage.walk}
    for one in lineage.nodes.values():
        if one.kind not in ("source", "prompt", "filter", "model", "run", "dataset"):
            continue
        if genesis and keys.good(one) is False:
            lineage.found("signature_invalid", f"entry {one.index}")
        elif genesis and one.id in on_walk:
            words = {one.kind, f"run:{one.says.get('does')}"} if one.kind == "run" else {one.kind}
            if not keys.may(one, words):
                lineage.found("key_not_granted", f"entry {one.index}")
            if keys.suspect(one):
                lineage.found("suspect_key", f"entry {one.index}")
        for place in (place for cited in lineage.cites(one) for place in cited):
            node = lineage.nodes.get(place[0])
            if not node:
                lineage.found("entry_missing", f"hb:{place[0]}, cited by entry {one.index}")
            elif node.index >= one.index or not lineage.thing(place) and not lineage.unread(place):
                lineage.found("inadmissible", f"entry {one.index} cites {place}")
        held = [] if one.id not in on_walk else [
            artifact.says | {"sha256": artifact.sha256} for subject, artifact in enumerate(one.artifacts)
            if "held" in artifact.says and (one.id, subject, None) in lineage.walk]
        for file in held + (one.says.get("evidence", []) + one.says.get("code", []) if one.id in on_walk else []):
            blob = lineage.blobs.get(file["sha256"])
            if blob is None:
                lineage.found("blob_missing", file["sha256"])
            elif len(blob) != file.get("bytes", len(blob)) or "blake3" in file and blake3(blob).hex() != file["blake3"]:
                lineage.found("blob_differs", file["sha256"])

def check_lineage(lineage, targets):
    """What the walk itself says against the lineage."""
    found, reads = lineage.found, defaultdict(set)
    for one in lineage.nodes.values():
        if one.kind == "observation":
            reads[one.says["run"]] |= {read["sha256"] for read in one.says.get("reads", [])}
    for place in lineage.walk:
        if place[1] == "gap":
            found("unresolved_input", place)
        if place[0] not in lineage.nodes and place in targets:
            found("entry_missing", f"hb:{place[0]}")
    for thing in filter(None, lineage.things.values()):
        if thing.artifact and thing.artifact.says["content"] == "illustrative":
            found("illustrative_digest", thing.artifact.name)
        if thing.kind == "source":
            place = (thing.node.id, thing.node.artifacts.index(thing.artifact), None)
            code = {0: "synthetic_origin_unknown", 1: "origin_unknown"}.get(origin(lineage.source(place)))
            code and found(code, thing.node.says["name"])
        if thing.kind in ("dataset", "filter"):
            for other in filter(None, map(lineage.thing, lineage.cites(thing.node)[0])):
                other.kind in (ROWS if thing.kind == "dataset" else MODELS) or found("role_mismatch", thing.node.says["name"])
    for run in lineage.runs:
        says, counts = run.says, defaultdict(int)
        for one, cited in zip(run.inputs, lineage.cites(run)):
            stated = one.get("artifacts", [None])
            counts[one["role"]] += stated["count"] if isinstance(stated, dict) else len(stated)
            plays = PLAYS.get(one["role"], ROWS | MODELS if (says["does"], one["role"]) == ("evaluate", "data") else ROWS)
            for thing in filter(None, map(lineage.thing, cited)):
                thing.kind in plays or found("role_mismatch", f"{thing.kind} as {one['role']} of {says['name']}")
        does, rewrites = says["does"], "rewrites" in says
        lacks = {"generate": not counts["generator"] + counts["teacher"], "train": not counts["data"] + counts["generator"],
                 "transform": not counts["generator"] if rewrites else not counts["data"] + counts["base"],
                 "merge": lineage.bases(run) < 2}.get(does, not counts["data"])
        lacks and found("nothing_to_trace", f"run {says['name']}")
        says["inputs_complete"] == "no" and found("inputs_incomplete", says["name"])
        reads[run.id] <= lineage.declared(run) or found("contradicted_by_observation", says["name"])
        lineage.check_rows(run)
    made = any(thing and thing.kind not in ("source", "prompt", "filter", "external") for thing in map(lineage.thing, targets))
    if (not lineage.runs or not made) and any(map(lineage.thing, targets)):
        found("nothing_to_trace", "what was asked about")

def main(arguments):
    bundle, option, trust = arguments
    need(option == "--trust-root", "usage")
    trust = check(parse(pathlib.Path(trust).read_bytes(), exact=False), "trust_root")
    findings = judge(pathlib.Path(bundle).read_bytes(), trust)
    verdict = min((CODES[code] for code in findings), key=list(VERDICTS).index, default="traced")
    print(json.dumps({"verdict": verdict, "findings": sorted(findings), "told": {k: str(v) for k, v in findings.items()}}))
    return VERDICTS[verdict]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
