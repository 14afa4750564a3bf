"""Who may sign what, from genesis and the key statements in log order (docs/formats/rules.md)."""

from collections import defaultdict

from evidence import digest
from primitives import need, signed

NEVER = 1 << 63

class Keys:
    def __init__(self, genesis):
        self.owners = {digest(bytes.fromhex(key)): key for key in genesis["owners"]}
        self.grants, self.threshold, self.pending, self.affirmed = {}, genesis["threshold"], {}, defaultdict(set)
        for grant in genesis.get("grants", []):
            self.grant(grant["public_key"], grant.get("kinds", []), 0)

    def grant(self, key, kinds, index):
        self.grants[digest(bytes.fromhex(key))] = {"key": key, "kinds": kinds, "from": index, "to": NEVER, "suspect": NEVER}

    def good(self, one):
        """Whether the signature verifies; nothing where nobody knows the key."""
        key = self.grants.get(one.issuer, {}).get("key", self.owners.get(one.issuer))
        return key and signed(bytes.fromhex(key), one.pae, one.signature)

    def may(self, one, *words):
        grant = self.grants.get(one.issuer, {"from": 1, "to": 0})
        return grant["from"] <= one.index < grant["to"] and {"*", *words} & set(grant["kinds"])

    def suspect(self, one):
        trusted = [by for by in self.affirmed[one.id] if by != one.issuer and self.grants[by]["suspect"] == NEVER]
        return one.index >= self.grants.get(one.issuer, {"suspect": NEVER})["suspect"] and not trusted

    def apply(self, one):
        change, statements = one.says, one.says.get("statements", [])
        if change["change"] == "affirm":
            need(self.may(one, "key", "key:affirm"), "an affirmation without a grant")
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
        known = [key and digest(bytes.fromhex(key)) in self.grants for key in (change.get("public_key"), new)]
        if change["change"] == "revoke":
            says = change.get("revocation")
            need(known[0] and (says == "retired" or says and "since" in change), "a revocation")
        else:
            need(new and not known[1] and (known[0] if change["change"] == "rotate" else change.get("kinds")), change["change"])

    def enact(self, change, index):
        self.sound(change)
        if change["change"] == "grant":
            return self.grant(change["public_key"], change["kinds"], index)
        grant = self.grants[digest(bytes.fromhex(change["public_key"]))]
        grant["to"], since = min(grant["to"], index), change.get("since", "grant")
        if change.get("revocation") == "compromised":
            grant["suspect"] = min(grant["suspect"], grant["from"] if since == "grant" else int(since))
        if change["change"] == "rotate":
            self.grant(change["successor"], grant["kinds"], index)
