"""Who may sign what, from genesis and the key statements in log order (docs/formats/rules.md)."""
import copy
from evidence import digest
from primitives import from_base64, need, signed

NEVER = 1 << 63
FIELDS = {"grant": {"public_key", "kinds"}, "retired": {"public_key", "revocation"}, "compromised": {"public_key", "revocation", "since"},
          "rotate": {"public_key", "successor"}, "approve": {"statements"}, "affirm": {"statements"}}

def key_id(key):
    return digest(bytes.fromhex(key))

class Keys:
    def __init__(self, genesis):
        self.owners, self.grants, self.threshold, self.pending, self.affirmed = {key_id(key): key for key in genesis["owners"]}, {}, genesis["threshold"], {}, {}
        self.reserved = {*genesis["owners"], from_base64(genesis["log_key"].split("+", 2)[2])[1:].hex()}
        for grant in genesis.get("grants", []):
            self.is_new(grant["public_key"]) and self.grant(grant["public_key"], grant.get("kinds", []), 0, grant.get("holder"))

    def is_new(self, key):
        return key not in self.reserved and key_id(key) not in self.grants

    def grant(self, key, kinds, index, holder):
        self.grants[key_id(key)] = {"key": key, "kinds": kinds, "from": index, "to": NEVER, "suspect": NEVER, "holder": holder}

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
        fields = says.keys() - {"issuer", "ledger", "change", "reason"} - ({"holder"} if change == "grant" else set())
        need(fields == FIELDS[says.get("revocation", "retired") if change == "revoke" else change], f"the fields of {change}")
        need(self.may(one, "key", "key:affirm") if change == "affirm" else one.issuer in self.owners, f"no key for {change}")
        for statement in says["statements"] if change == "affirm" else []:
            self.affirmed.setdefault(statement, []).append((one.issuer, one.index))
        pending, grants = copy.deepcopy((self.pending, self.grants))
        self.pending |= {one.id: (says, one.index, set())} if "public_key" in says else {}
        try:
            for statement in says.get("statements", [one.id]) if change != "affirm" else []:
                proposed, index, agreed = self.pending.get(statement, (None, None, {one.issuer}))
                need(one.issuer not in agreed, "nothing awaits that approval, or not this owner's")
                since = self.sound(proposed, index)
                agreed.add(one.issuer)
                len(agreed) >= self.threshold and self.enact(self.pending.pop(statement)[0], one.index, since)
        except Exception:
            self.pending, self.grants = pending, grants
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
            return self.grant(says["public_key"], says["kinds"], index, says.get("holder"))
        grant = self.grants[key_id(says["public_key"])]
        grant["to"], grant["suspect"] = min(grant["to"], index), grant["suspect"] if since is None else since
        "successor" in says and self.grant(says["successor"], grant["kinds"], index, grant["holder"])
