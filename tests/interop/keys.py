"""Who may sign what, from genesis and the key statements in log order (docs/formats/rules.md)."""

import copy

from evidence import digest
from primitives import from_base64, need, signed

NEVER = 1 << 63
FIELDS = {"grant": {"public_key", "kinds"}, "retired": {"public_key", "revocation"}, "rotate": {"public_key", "successor"},
          "compromised": {"public_key", "revocation", "since"}, "approve": {"statements"}, "affirm": {"statements"}}

def key_id(key):
    return digest(bytes.fromhex(key))

class Keys:
    def __init__(self, genesis):
        self.owners = {key_id(key): key for key in genesis["owners"]}
        self.reserved = {*genesis["owners"], from_base64(genesis["log_key"].split("+", 2)[2])[1:].hex()}
        self.grants, self.threshold, self.pending, self.affirmed = {}, genesis["threshold"], {}, {}
        for grant in genesis.get("grants", []):
            if self.is_new(grant["public_key"]):
                self.grant(grant["public_key"], grant.get("kinds", []), 0)

    def is_new(self, key):
        return key not in self.reserved and key_id(key) not in self.grants

    def grant(self, key, kinds, index):
        self.grants[key_id(key)] = {"key": key, "kinds": kinds, "from": index, "to": NEVER, "suspect": NEVER}

    def good(self, one):
        """Whether the signature verifies; nothing where nobody knows the key."""
        key = self.grants.get(one.issuer, {}).get("key", self.owners.get(one.issuer))
        return key and signed(bytes.fromhex(key), one.pae, one.signature)

    def may(self, one, *words):
        grant = self.grants.get(one.issuer, {"from": 1, "to": 0})
        return grant["from"] <= one.index < grant["to"] and {"*", *words} & set(grant["kinds"])

    def suspect(self, one):
        trusted = [by for by, at in self.affirmed.get(one.id, []) if by != one.issuer and at < self.grants[by]["suspect"]]
        return one.index >= self.grants.get(one.issuer, {"suspect": NEVER})["suspect"] and not trusted

    def apply(self, one):
        says, change = one.says, one.says["change"]
        need(says.keys() - {"issuer", "ledger", "change", "reason"} - ({"holder"} if change == "grant" else set()) == FIELDS[
            says.get("revocation") if change == "revoke" and "revocation" in says else change if change != "revoke" else "retired"],
            f"the fields of a key change {change}")
        if change == "affirm":
            need(self.may(one, "key", "key:affirm"), "an affirmation without a grant")
            for statement in says["statements"]:
                self.affirmed.setdefault(statement, []).append((one.issuer, one.index))
            return
        need(one.issuer in self.owners, "not an owner")
        before = copy.deepcopy((self.pending, self.grants))
        self.pending |= {} if change == "approve" else {one.id: (says, one.index, set())}
        try:
            for statement in says.get("statements", [one.id]):
                need(statement in self.pending, "nothing awaits that approval")
                proposed, index, agreed = self.pending[statement]
                need(one.issuer not in agreed, "this owner has agreed already")
                since = self.sound(proposed, index)
                agreed.add(one.issuer)
                if len(agreed) >= self.threshold:
                    self.enact(self.pending.pop(statement)[0], one.index, since)
        except Exception:
            self.pending, self.grants = before
            raise

    def sound(self, says, index):
        """Refuses a change that cannot be made; returns the entry from which a key is suspect."""
        grant, change = self.grants.get(key_id(says["public_key"])), says["change"]
        need(grant or change == "grant", "a key that had no grant")
        need(change == "revoke" or self.is_new(says["successor" if change == "rotate" else "public_key"]), "a key that is not new")
        if "since" not in says:
            return need(change == "grant" or grant["to"] == NEVER, "the grant has ended")
        since = max(grant["from"], 0 if says["since"] == "grant" else int(says["since"]))
        need(since <= index and since < grant["to"] and since < grant["suspect"], "nothing would be suspect")
        return since

    def enact(self, says, index, since):
        if says["change"] == "grant":
            return self.grant(says["public_key"], says["kinds"], index)
        grant = self.grants[key_id(says["public_key"])]
        grant["to"], grant["suspect"] = min(grant["to"], index), grant["suspect"] if since is None else since
        if says["change"] == "rotate":
            self.grant(says["successor"], grant["kinds"], index)
