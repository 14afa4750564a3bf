"""What notices take back, correct and resolve (docs/verdict.md, Notices), and what disclosures tell (disclosure.md)."""
import hmac
from evidence import digest, ref
from primitives import from_base64, need, parse
from rules import EMPTY, LEAVES, MODELS, facts, plays

# What a correction may not change without a second key, beside counts; of a source it is its facts.
LOUD = {"model": "provider version family alias access", "filter": "model", "dataset": "members unresolved", "source": "", "prompt": "",
        "run": "does inputs inputs_complete code expansion rewrites epochs"}

def has_a_say(one, node, keys):
    """Whether the signer of a notice signed its target, speaks for the holder that the target names, or is an owner."""
    grant, named = keys.grants.get(one.issuer, {}), node.says.get("holder", node.says.get("provider"))
    return one.issuer in {node.issuer, *keys.owners} or named is not None and grant.get("holder") == named
def says_nothing_better(old, new):
    """Whether a claim is less favourable than another, or says the same about who made it and from what."""
    keys, pair = ("rows", "tokens"), (old, new)
    counts = [one.artifact and [part.get(key) for part in (one.item, one.artifact.says) for key in keys] for one in pair]
    runs = [one.node if one.node.kind == "run" else None for one in pair]
    made = [run and ([{**item, "name": ""} for _, _, item in run.items], [each.sha256 for each in run.artifacts]) for run in runs]
    same = all(old.node.says.get(key) == new.node.says.get(key) for key in LOUD[old.node.kind].split())
    if old.node.kind == "source" == new.node.kind:
        same = facts(new.node.says)[:2] < facts(old.node.says)[:2] or facts(old.node.says) == facts(new.node.says)
    return old.node.kind == new.node.kind and same and counts[0] == counts[1] and made[0] == made[1]
def counts(one, target, by, lineage, keys):
    """Whether something stands in the place of an artifact or of a gap by a notice."""
    (node_id, at, line), new = target, lineage.thing(by)
    node, old = lineage.nodes[node_id], lineage.thing(target)
    if max(node.index, new.node.index) >= one.index or keys.suspect(one) or lineage.end(by) == target: return False
    if at == "gap":
        role = node.inputs[line]["role"] if node.inputs else "data"
        fits = new.has_bytes and lineage.gaps(node).get(target, {}).get("sha256") == new.content
        return fits and new.kind in LEAVES & plays(node, role) and node.issuer == one.issuer and target not in lineage.places
    whole = line is None is by[2] and node is not new.node and old.content == new.content and has_a_say(one, node, keys)
    return whole and (says_nothing_better(old, new) or keys.affirmers(one) - {node.issuer})
def redirect(lineage, notices, keys):
    """Decides in log order what stands in the place of what; returns those of which something else is said, with the finding."""
    told, places = [], lineage.places
    for one in notices:
        gap, by = [tuple(one.says["gap"][4:].split("/"))] if "gap" in one.says else [], list(map(ref, one.says.get("by", [])))
        targets = [(node, "gap", int(at)) for node, at in gap] or list(map(ref, one.says.get("targets", [])))
        for target, other in zip(targets, by) if one.says["change"] in ("correct", "resolve") else []:
            if not lineage.nodes.get(target[0]) or not gap and not lineage.thing(target): continue
            if not lineage.thing(other):
                told += [(target, target, "entry_missing")] if not gap else []
            elif counts(one, target, other, lineage, keys):
                told.append((target, other, "conflicting_origin"))
                if target not in places:
                    places[target] = other
                    start = lineage.end(other)
                    if any(place[0] == start[0] and type(place[1]) is int for place in lineage.reach(lineage.below(start))):
                        told.remove((target, places.pop(target), "conflicting_origin"))
    return told

def check_withdrawals(lineage, notices, keys):
    """Withdrawals and recalls count for ever, and for the same content under whatever name."""
    def contents(thing): return {thing.content, *(one["sha256"] for one in thing.members)} - {None, *EMPTY}
    for one in notices:
        for target in map(ref, one.says["targets"]) if "effect" in one.says else []:
            thing, at = lineage.thing(target), lineage.end(target)
            if not thing or not has_a_say(one, thing.node, keys): continue
            bytes_of = set() if thing.kind in MODELS and thing.content and thing.is_beside() else contents(thing)
            hit = {place for place in lineage.walk if place[:2] == at[:2] and (None in (place[2], at[2]) or place == at)}
            hit |= {place for place, other in lineage.things.items() if contents(other) & bytes_of}
            later = [place for place in lineage.walk if place[0] in lineage.nodes and lineage.nodes[place[0]].index > one.index]
            if one.says["effect"] != "no_new_use":
                hit and lineage.found("recalled" if one.says["change"] == "recall" else "withdrawn")
            elif any(hit & lineage.opened(lineage.below(place), {"dataset", "filter"}) for place in later):
                lineage.found("used_after_notice")

def context(parts, node):
    """The context of a place that can be withheld, from its JSON pointer (docs/formats/statement.md, What can be withheld)."""
    *_, above, last = ["", *parts]
    if above in ("params", "environment", "crawl"): return f"{above}.{last}"
    has_bytes = parts[0] == "subject" and "basis" in node.artifacts[int(parts[1])].says
    is_file = has_bytes or {"evidence", "code"} & set(parts) or len(parts) == 1
    names = {"sha256": "content", "text": "gap", "run": "name", "name": "file-name" if is_file else "name"}
    return names.get(last, above if last.isdigit() else last)
def check_disclosure(lineage, ledger, data):
    """Refuses what is disclosed of the walk and is not what was committed to."""
    given = parse(data.removesuffix(b"\n"))
    need(given["ledger"] == f"hb:{ledger}", "another ledger")
    for one in given["disclosures"]:
        node_id, *place = one["address"].removeprefix("hb:").split("/")
        if any(walked[0] == node_id for walked in lineage.walk):
            at = lineage.thing((node_id, *map(int, place))).member if place else lineage.nodes[node_id].body
            parts = [part.replace("~1", "/").replace("~0", "~") for part in one["field"][1:].split("/")]
            salt = bytes.fromhex(one["salt"])
            for part in parts:
                at = at[int(part)] if isinstance(at, list) else at[part]
            told = hmac.new(salt, f"{one['context']}\n{one.get('text')}".encode(), "sha256").hexdigest()
            says = f"commitment:{told}" if "text" in one else digest(salt + from_base64(one["bytes"]))
            need(at == says and one["context"] == context(parts, lineage.nodes[node_id]), one["address"])
