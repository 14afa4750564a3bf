"""What notices take back, correct and resolve (docs/verdict.md, Notices), and what disclosures tell (disclosure.md)."""
import hmac
from evidence import digest, ref
from primitives import Refused, from_base64, need, parse
from rules import EMPTY, LEAVES, MODELS, PLAYS, ROWS, facts

SILENT = {"issuer", "ledger", "name", "params", "environment", "command", "operator", "started", "ended", "licence", "holder", "terms", "report", "url", "rule"}

def has_a_say(one, node, keys):
    """Whether the signer of a notice signed its target, speaks for the holder that the target names, or is an owner."""
    grant, named = keys.grants.get(one.issuer, {}), node.says.get("holder", node.says.get("provider"))
    return one.issuer in {node.issuer, *keys.owners} or named is not None and grant.get("holder") == named

def says_nothing_better(old, new):
    if old.kind != new.kind:
        return False
    if old.kind == "source" and facts(new.says)[:2] < facts(old.says)[:2]:
        return True
    return all(old.says.get(key) == new.says.get(key) for key in (old.says.keys() | new.says.keys()) - SILENT) and (
        old.kind != "source" or facts(old.says) == facts(new.says))

def redirections(lineage, notices, keys):
    """What stands in the place of an artifact, or of a gap, by notices that count."""
    places = {}
    for one in notices:
        says, by = one.says, list(map(ref, one.says.get("by", [])))
        for target, other in zip(map(ref, says.get("targets", [])), by) if says["change"] == "correct" else []:
            old, new = lineage.thing(target), lineage.thing(other)
            if old and new and has_a_say(one, old.node, keys) and old.content == new.content and not keys.suspect(one):
                affirmed = [key for key, at in keys.affirmed.get(one.id, []) if key not in (one.issuer, old.node.issuer) and at < keys.grants[key]["suspect"]]
                if says_nothing_better(old.node, new.node) or affirmed:
                    places[target] = other
        if says["change"] == "resolve":
            node_id, at = says["gap"].removeprefix("gap:").split("/")
            node, new, gap = lineage.nodes.get(node_id), lineage.thing(by[0]), (node_id, "gap", int(at))
            stated = node and lineage.gaps(node).get(gap, {}).get("sha256")
            plays = PLAYS.get(node.inputs[int(at)]["role"], ROWS) if node and node.inputs[int(at):] else ROWS
            if new and stated and new.content == stated and new.kind in LEAVES & plays and node.issuer == one.issuer and not keys.suspect(one):
                places[gap] = by[0]
    return places

def check_withdrawals(lineage, notices, keys):
    """Withdrawals and recalls count for ever, and for the same content under whatever name."""
    contents = {}
    for place, thing in lineage.things.items():
        for content in {thing.content, *(one["sha256"] for one in thing.members)} - {None, *EMPTY}:
            contents.setdefault(content, []).append((place, thing))
    for one in notices:
        for target in map(ref, one.says.get("targets", [])) if "effect" in one.says else []:
            thing = lineage.thing(target)
            if not thing or not has_a_say(one, thing.node, keys):
                continue
            alone = thing.kind in MODELS and thing.content and thing.is_beside()
            same = [found for content in {thing.content, *(member["sha256"] for member in thing.members)} if not alone for found in contents.get(content, [])]
            hit = {target, *(place for place, _ in same)} & set(lineage.walk)
            if one.says["effect"] != "no_new_use":
                hit and lineage.found("recalled" if one.says["change"] == "recall" else "withdrawn", f"entry {one.index}")
            elif any(hit & set(lineage.below(place)) for place in lineage.walk if place[0] in lineage.nodes and lineage.nodes[place[0]].index > one.index):
                lineage.found("used_after_notice", f"entry {one.index}")

def context(parts, node):
    """The context of a place that can be withheld, from its JSON pointer (docs/formats/statement.md, What can be withheld)."""
    *_, above, last = ["", *parts]
    if last == "sha256":
        return "content"
    if parts[0] == "subject":
        return "name" if node.artifacts[int(parts[1])].says["content"] not in ("file", "manifest") else "file-name"
    if "evidence" in parts or "code" in parts or len(parts) == 1:
        return "file-name"
    if above in ("params", "environment", "crawl"):
        return f"{above}.{last}"
    return "gap" if "unresolved" in parts else above if last.isdigit() else "name" if last == "run" else last

def check_disclosure(lineage, ledger, data):
    """Whether everything that is disclosed of the walk is what was committed to (disclosure.md)."""
    try:
        given = parse(data.removesuffix(b"\n"))
        need(given["ledger"] == f"hb:{ledger}", "another ledger")
        for one in given["disclosures"]:
            node_id, *place = one["address"].removeprefix("hb:").split("/")
            node, parts, salt = lineage.nodes.get(node_id), one["field"][1:].split("/"), bytes.fromhex(one["salt"])
            if not any(walked[0] == node_id for walked in lineage.walk):
                continue
            at = lineage.thing((node_id, *map(int, place))).member if place else node.body
            for part in (part.replace("~1", "/").replace("~0", "~") for part in parts):
                at = at[int(part)] if isinstance(at, list) else at[part]
            text = one["context"].encode() + b"\n" + one.get("text", "").encode()
            says = f"commitment:{hmac.new(salt, text, 'sha256').hexdigest()}" if "text" in one else digest(salt + from_base64(one["bytes"]))
            need(at == says and one["context"] == context(parts, node), one["address"])
    except (Refused, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        lineage.found("disclosure_differs", str(error))
