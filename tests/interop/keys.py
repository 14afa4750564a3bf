"""Who may sign what, from genesis and the key statements in log order (docs/formats/rules.md)."""
import copy
from evidence import digest
from primitives import from_base64, need, signed

NEVER = 1 << 63

def key_id(key): return digest(bytes.fromhex(key))

class Keys:
    def __init__(self, genesis):
        self.owners, self.threshold = {key_id(key): key for key in genesis["owners"]}, genesis["threshold"]
        self.grants, self.pending, self.affirmed = {}, {}, {}
        self.reserved = {*self.owners, digest(from_base64(genesis["log_key"].split("+", 2)[2])[1:])}
        for grant in genesis.get("grants", []):
            self.is_new(grant["public_key"]) and self.grant(0, **grant)
    def is_new(self, key): return key_id(key) not in {*self.reserved, *self.grants}
    def grant(self, index, public_key, kinds=(), holder=None, **_):
        known = {"key": public_key, "kinds": kinds, "holder": holder}
        self.grants[key_id(public_key)] = known | {"from": index, "to": NEVER, "suspect": NEVER}
    def good(self, one):
        """Whether the signature verifies; nothing where nobody knows the key."""
        key = self.grants.get(one.issuer, {}).get("key", self.owners.get(one.issuer))
        return key and signed(bytes.fromhex(key), one.pae, one.signature)
    def may(self, one, *words):
        grant = self.grants.get(one.issuer, {"from": 1, "to": 0})
        return grant["from"] <= one.index < grant["to"] and {"*", *words} & set(grant["kinds"])
    def affirmers(self, one):
        return {by for by, at in self.affirmed.get(one.id, []) if by != one.issuer and at < self.grants[by]["suspect"]}
    def suspect(self, one): return one.index >= self.grants.get(one.issuer, {"suspect": NEVER})["suspect"] and not self.affirmers(one)
    def after(self, one):
        """The state after a key statement, which takes effect as a whole or is refused."""
        new, says, affirms = copy.deepcopy(self), one.says, one.says["change"] == "affirm"
        need(self.may(one, "key", "key:affirm") if affirms else one.issuer in self.owners, "a key that may not")
        if "public_key" in says:
            new.pending[one.id] = says, one.index, set()
        for statement in says.get("statements", [one.id]):
            if affirms:
                new.affirmed.setdefault(statement, []).append((one.issuer, one.index))
                continue
            proposed, index, agreed = new.pending.get(statement, (None, None, {one.issuer}))
            need(one.issuer not in agreed, "nothing awaits that approval, or not this owner's")
            since = new.sound(proposed, index)
            agreed.add(one.issuer)
            len(agreed) >= self.threshold and new.enact(new.pending.pop(statement)[0], one.index, since)
        return new
    def sound(self, says, index):
        """Refuses a change that cannot be made; returns the entry from which a key is suspect."""
        grant, change = self.grants.get(key_id(says["public_key"])), says["change"]
        need(grant or change == "grant", "a key that had no grant")
        need(change == "revoke" or self.is_new(says["successor" if change == "rotate" else "public_key"]), "a key that is not new")
        if "since" not in says: return need(change == "grant" or grant["to"] == NEVER, "the grant has ended")
        since = max(grant["from"], 0 if says["since"] == "grant" else int(says["since"]))
        need(since <= index and since < grant["to"] and since < grant["suspect"], "nothing would be suspect")
        return since
    def enact(self, says, index, since):
        if says["change"] == "grant": return self.grant(index, **says)
        grant = self.grants[key_id(says["public_key"])]
        grant["to"], grant["suspect"] = min(grant["to"], index), grant["suspect"] if since is None else since
        "successor" in says and self.grant(index, says["successor"], grant["kinds"], grant["holder"])
