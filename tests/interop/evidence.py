"""Statements, manifests, checkpoints and bundles, each as its page under docs/formats says; fields.txt is read as it is."""

import pathlib
import re
import unicodedata
from fractions import Fraction

from primitives import Refused, encode, from_base64, need, parse, public_key, root, sha256, signed, statement_id

FIELDS = pathlib.Path(__file__).parents[2].joinpath("docs/formats/fields.txt").read_text().splitlines()
OBJECTS = {line.split(" = ")[0].strip(): line.split(" = ")[1] for line in FIELDS if re.match(r"\w+ += ", line)}
RUNS = {parts[0].strip(): [set(part.split()) for part in parts[1:]] for parts in (
    line.split(">") for line in FIELDS if re.match(r"\w+ +> ", line))}
HIDDEN = re.compile(next(line[9:] for line in FIELDS if line.startswith("hidden ~ ")))

class NotJudged(Refused):
    """A kind of a later version."""

def digest(data):
    return sha256(data).hex()

def number(value, default=None):
    return Fraction(value) if value is not None else default

def text(value, limit=8192, shown="\n\t"):
    return isinstance(value, str) and len(value.encode()) <= limit and not HIDDEN.search(
        "".join(c for c in value if c not in shown))

def like(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value)

def ref(value):
    """The address of an artifact as a tuple: id, subject, line or None."""
    found = like("hb:([0-9a-f]{64})/(0|[1-9][0-9]*)(?:/(0|[1-9][0-9]*))?")(value)
    need(found and int(found[2]) < 2**32 and int(found[3] or 0) < 2**64, "no address of an artifact")
    return found[1], int(found[2]), int(found[3]) if found[3] else None

TYPES = {
    "text": text, "count": lambda v: type(v) is int and v >= 0, "some": lambda v: type(v) is int and v > 0,
    "flag": lambda v: v is True, "hex": like("[0-9a-f]{64}"), "raw": like("(?s).*"), "ref": ref,
    "key": lambda v: TYPES["hex"](v) and public_key(bytes.fromhex(v)), "ratio": lambda v: v != "0" and TYPES["decimal"](v),
    "decimal": lambda v: like(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")(v) and len(v.replace(".", "")) <= 18,
    "name": lambda v: text(v, 200, "") and v and v == v.strip() and unicodedata.is_normalized("NFC", v)
    and not re.search("[/@#]|^(hb:|sha256:|gap:|-)", v),
    "file": lambda v: text(v, 1024, "") and "\\" not in v and not {"", ".", ".."} & set(v.split("/")),
    "map": lambda v: isinstance(v, dict) and v and all(text(key) and text(v[key]) for key in v),
    "names": lambda v: v == "not_known" or isinstance(v, list) and v and all(map(text, v)),
    "cites": lambda v: check(v, "cited") if isinstance(v, dict) else
    isinstance(v, list) and 1 <= len(v) <= 64 and all(map(ref, v)), "object": lambda v: isinstance(v, dict),
}

def check(value, name):
    """Refuses an object that is not as its line of fields.txt says; returns it."""
    need(isinstance(value, dict), f"{name} is no object")
    if name == "artifact":
        name = {"file": "file", "manifest": "manifest"}.get(value.get("content"), "absent")
    left, line = dict(value), OBJECTS[name]
    while "+ " in line:
        line = re.sub(r"\+ (\w+)", lambda more: OBJECTS[more[1]], line)
    for field in line.split():
        key, kind = field.split(":", 1)
        many, may, key = "*" in key, "?" in key, key.rstrip("?*")
        need(key in left or may, f"{name}: {key} is missing")
        found = left.pop(key, [] if many else None)
        need(not many or isinstance(found, list) and (found or key not in value), f"{name}: {key} is no list, or empty")
        for one in found if many else [found] if key in value else []:
            if kind[0] == "@":
                check(one, kind[1:])
            else:
                need(like(kind[1:-1])(one) if kind[0] == "/" else one in kind.lstrip("=").split("|")
                     if kind[0] == "=" or "|" in kind else TYPES[kind](one), f"{name}: {key} is no {kind}")
    need(not left, f"{name}: unknown {', '.join(left)}")
    need("rows_basis?" not in line or ("rows" in value) == ("rows_basis" in value), f"{name}: rows and their basis")
    return value

def lower(value):
    return "".join(c.lower() if c.isascii() else c for c in value)

class Artifact:
    """A subject with what its statement says of it; `item` is the number of its item in the statement."""

    def __init__(self, name, sha256, item, says):
        self.name, self.sha256, self.item, self.says = name, sha256, item, says
        self.content, declared = (sha256, None) if "basis" in says else (None, says["declaration"])
        if says["content"] == "foreign":
            need({"alg", "value"} <= declared.keys(), "alg and value")
            plain = lower("".join(c for c in declared["alg"] if c.isascii() and c.isalnum()))
            need(plain not in ("sha256", "blake3"), "no foreign algorithm")
            self.content = digest("\n".join(("foreign", plain, lower(declared["value"]))).encode())
        need(not declared or declared.get("content") == says["content"] and sha256 == digest(encode(declared)),
             "a declaration")

class Statement:
    """A statement at an entry. `items` are (name, kind, what is said of it)."""

    def __init__(self, entry, index):
        need(len(entry) <= 65535, "a long envelope")
        envelope = check(parse(entry), "envelope")
        signature, self.index, self.entry = envelope["signatures"][0], index, entry
        self.payload, self.signature = from_base64(envelope["payload"]), from_base64(signature["sig"])
        need(len(envelope["signatures"]) == 1 and len(self.signature) == 64, "not one signature")
        self.pae = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(self.payload) + self.payload
        self.id, self.issuer, body = statement_id(self.pae), signature["keyid"], check(parse(self.payload), "statement")
        kind = like("https://herdbook/(.*)/v1")(body["predicateType"])
        self.kind, self.says = kind[1] if kind else "", body["predicate"]
        if "issuer:hex" not in OBJECTS.get(self.kind, ""):
            raise NotJudged(body["predicateType"])
        says = check(self.says, self.kind)
        items = says["outputs"] if self.kind == "run" else [says] if "artifacts" in says else []
        self.items = [(item["name"], item.get("kind", self.kind), item) for item in items]
        self.inputs = says.get("inputs", [])
        subjects = [(subject["name"], subject["digest"]["sha256"]) for subject in body["subject"]]
        pairs = [(at, one) for at, (_, _, item) in enumerate(self.items) for one in item["artifacts"]]
        need(says["issuer"] == self.issuer and (len(pairs) == len(subjects) if pairs else subjects == self.subjects()),
             "the issuer is not the key, or subjects do not fit")
        self.artifacts = [Artifact(*subject, *pair) for subject, pair in zip(subjects, pairs)]
        {"run": self.check_run, "notice": self.check_notice}.get(self.kind, lambda: None)()
        need(self.kind != "dataset" or "members" in says or "unresolved" in says, "a data set of nothing")
        need(len(says.get("targets", [])) <= 64 and says.get("threshold", 0) <= len(says.get("owners", [])), "targets")
        need(number(says.get("synthetic_share"), 0) <= 1, "a share beyond 1")

    def subjects(self):
        if self.kind == "report":
            return [(file["name"], file["sha256"]) for file in self.says["files"]]
        if self.kind == "dataset":
            members = self.says.get("members", [])
            rows = "".join(f'{{"artifact":"{one}"}}\n' for one in members).encode()
            return [(self.says["name"], members["sha256"] if isinstance(members, dict) else digest(rows))]
        return [(self.kind, digest(encode(self.says)))]

    def check_run(self):
        run, (takes, makes, shares) = self.says, RUNS[self.says["does"]]
        roles, kinds = [one["role"] for one in self.inputs], {kind for _, kind, _ in self.items}
        need(set(roles) <= takes and kinds <= makes, "a role or a kind that the run does not have")
        transform, bases = run["does"] == "transform", roles.count("base")
        need(not transform or (kinds == {"model"} and bases == 1 and "data" not in roles if bases else
                               "model" not in kinds), "a transform of both, or of neither")
        need("expansion" not in run or run["does"] in ("transform", "annotate", "judge", "evaluate"), "an expansion")
        need(sum(number(one.get("share"), 0) for one in self.inputs) <= 1, "shares beyond 1")
        for one in self.inputs:
            may = one["role"] in shares and (not transform or "rewrites" in run)
            need(("artifacts" in one) != ("unresolved" in one) and ("share" not in one or may), "an input")
            need(one.get("kept", 0) <= one.get("rows", one.get("kept", 0)), "more kept than taken")
        need(all(at < len(self.inputs) for _, _, item in self.items for at in item.get("inputs", [])), "no such input")

    def check_notice(self):
        says, targets = self.says, len(self.says.get("targets", []))
        takes, resolves = says["change"] in ("withdraw", "recall"), says["change"] == "resolve"
        need(("effect" in says) == takes and ("gap" in says) == resolves == (targets == 0), "a notice")
        need(len(says.get("by", [])) == (0 if takes else 1 if resolves else targets), "by")

def lines(blob, expected, name):
    """The lines of a manifest, each as `name` says, held against what the statement says of them."""
    rows = blob.split(b"\n")
    need(rows.pop() == b"" and rows and all(len(row) < 4096 for row in rows), "a line that does not end")
    need((len(rows), root([sha256(b"\0" + row) for row in rows]).hex()) == (expected["count"], expected["root"]), "the root")
    found = [check(parse(row), name) for row in rows]
    if name == "member":
        names, sizes = [one["name"].encode() for one in found], [one.get("bytes") for one in found]
        need(all(one < two for one, two in zip(names, names[1:])), "names out of order")
        need((None if None in sizes else sum(sizes)) == expected.get("total_bytes"), "the total of sizes")
    return found

def checkpoint(note, trust):
    """Size and root of a signed checkpoint (tiles-and-checkpoint.md)."""
    name, key_id, key = trust["log_key"].split("+", 2)
    key = from_base64(key)
    body, by = note.decode().rpartition("\n\n")[::2]
    found = like(r"([\w.~/:@-]{1,128})\n(0|[1-9][0-9]*)\n(.{44})")(body)
    marks = [like("\u2014 ([^ ]+) ([^ ]+)")(line) for line in by.split("\n")[:-1]]
    need(found and found[1] == name == trust["origin"] and int(found[2]) <= 2**62 and len(note) <= 65536, "no checkpoint of this log")
    need(by.endswith("\n") and len(marks) <= 16 and all(marks) and key_id == digest(name.encode() + b"\n" + key)[:8], "signatures")
    blobs = [from_base64(mark[2]) for mark in marks if mark[1] == name]
    ours = [signed(public_key(key[1:]), body.encode() + b"\n", one[4:]) for one in blobs if one[:4].hex() == key_id]
    need(ours and all(ours), "no good signature by the log key")
    return int(found[2]), from_base64(found[3])
