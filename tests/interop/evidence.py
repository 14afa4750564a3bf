"""Statements, manifests and checkpoints, each as its page under docs/formats says; fields.txt is read as it is."""
import pathlib, re, unicodedata
from fractions import Fraction
from primitives import encode, from_base64, need, parse, public_key, root, sha256, signed, statement_id

FORMATS = pathlib.Path(__file__).resolve().parents[2] / "docs/formats"
OBJECTS, RUNS, MORE = ({line.split(mark)[0].strip(): line.split(mark, 1)[1] for line in (FORMATS / "fields.txt").read_text().splitlines()
                        if re.match(rf"\w+ *{mark}", line)} for mark in (" = ", " > ", " ~ "))

def digest(data):
    return sha256(data).hex()

def number(value, default=None):
    return Fraction(value) if value is not None else default

def text(value, limit=8192, shown="[\n\t]"):
    return isinstance(value, str) and len(value.encode()) <= limit and not value.startswith("commitment:") and not re.search(MORE["hidden"], re.sub(shown, "", value))

def like(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value)

def listed(test):
    return lambda value: isinstance(value, list) and value and all(map(test, value))

def ref(value):
    """The address of an artifact as a tuple: id, subject, line or None."""
    found = like("hb:([0-9a-f]{64})/(0|[1-9][0-9]*)(?:/(0|[1-9][0-9]*))?")(value)
    need(found and int(found[2]) < 2**32 and int(found[3] or 0) < 2**64, "no address of an artifact")
    return found[1], int(found[2]), int(found[3]) if found[3] else None

TYPES = {
    "text": text, "count": lambda v: type(v) is int and v >= 0, "some": lambda v: type(v) is int and v > 0, "ref": ref, "flag": lambda v: v is True,
    "hex": like("[0-9a-f]{64}"), "raw": like("(?s).*"), "object": lambda v: isinstance(v, dict),
    "key": lambda v: TYPES["hex"](v) and public_key(bytes.fromhex(v)), "ratio": lambda v: v != "0" and TYPES["decimal"](v),
    "decimal": lambda v: like(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")(v) and len(v.replace(".", "")) <= 18,
    "name": lambda v: text(v, 200, "(?!)") and v and v == v.strip() and unicodedata.is_normalized("NFC", v)
    and not re.search("[/@#]|^(hb:|sha256:|gap:|-)", v),
    "file": lambda v: text(v, 1024, "(?!)") and "\\" not in v and not {"", ".", ".."} & set(v.split("/")),
    "map": lambda v: isinstance(v, dict) and v and all(text(key) and text(v[key]) for key in v),
    "names": lambda v: v == "not_known" or listed(text)(v),
    "cites": lambda v: check(v, "cited") if isinstance(v, dict) else listed(ref)(v) and len(v) <= 64,
}

def withheld(test):
    """What a test takes, or a commitment to it; of a map, in the place of each value."""
    hidden = like("commitment:[0-9a-f]{64}")
    return lambda value: hidden(value) or test({k: "" if hidden(v) else v for k, v in value.items()} if isinstance(value, dict) else value)

def check(value, name):
    """Refuses an object that is not as its line of fields.txt says; returns it."""
    need(isinstance(value, dict), f"{name} is no object")
    if name == "artifact":
        name = value["content"] if value.get("content") in ("file", "manifest") else "absent"
    left, line = dict(value), OBJECTS[name]
    while "+ " in line:
        line = re.sub(r"\+ (\w+)", lambda more: OBJECTS[more[1]], line)
    for key, mark, kind in re.findall(r"(\w+)([?*]*):(\S+)", line):
        need(key in left or "?" in mark, f"{name}: {key} is missing")
        test = (lambda one, kind=kind: check(one, kind[1:])) if kind[0] == "@" else like(kind[1:-1]) if kind[0] == "/" else \
            kind.lstrip("=").split("|").__contains__ if kind[0] == "=" or "|" in kind else TYPES[kind] if kind[-1] != "~" else withheld(TYPES[kind[:-1]])
        need(key not in left or (listed(test) if "*" in mark else test)(left.pop(key)), f"{name}: {key} is no {kind}")
    need(not left and ("rows_basis?" not in line or ("rows" in value) == ("rows_basis" in value)), f"{name}: {', '.join(left) or 'basis of rows'}")
    return value

def lower(value):
    return "".join(c.lower() if c.isascii() else c for c in value)

class Artifact:
    """A subject with what its statement says of it; `item` is the number of its item in the statement."""
    def __init__(self, name, sha256, item, says):
        self.name, self.sha256, self.item, self.says, declared = name, sha256, item, says, says.get("declaration", {})
        self.content = None if declared else sha256
        need(not ("held" in says and "sealed" in says), "held and sealed")
        if says["content"] == "foreign":
            algorithm = lower(re.sub("(?a)[^a-zA-Z0-9]", "", declared.get("alg", "sha256")))
            need("value" in declared and algorithm not in ("sha256", "blake3"), "no foreign identifier")
            self.content = digest("\n".join(("herdbook tie", "foreign", algorithm, lower(declared["value"]))).encode())
        need(not declared or (declared.get("content"), digest(encode(declared))) == (says["content"], sha256), "a declaration")

class Statement:
    """A statement at an entry. `items` are (name, kind, what is said of it)."""
    def __init__(self, entry, index):
        envelope = check(parse(entry), "envelope")
        signature, self.index, self.entry = envelope["signatures"][0], index, entry
        payload, self.signature = from_base64(envelope["payload"]), from_base64(signature["sig"])
        self.pae = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
        self.id, self.issuer, body = statement_id(self.pae), signature["keyid"], check(parse(payload), "statement")
        kind = like("https://herdbook/(.*)/v1")(body["predicateType"])
        need(kind and "issuer:hex" in OBJECTS.get(kind[1], ""), body["predicateType"], "not_judged")
        self.body, self.kind, self.says = body, kind[1], check(body["predicate"], kind[1])
        says, self.inputs = self.says, self.says.get("inputs", [])
        items = says["outputs"] if self.kind == "run" else [says] if "artifacts" in says else []
        need(all(item.get("kind") != "model" or text(item["name"]) for item in items), "a model without its name")
        self.items = [(item["name"], item.get("kind", self.kind), item) for item in items]
        subjects = [(subject["name"], subject["digest"]["sha256"]) for subject in body["subject"]]
        pairs = [(at, one) for at, (_, _, item) in enumerate(self.items) for one in item["artifacts"]]
        need(says["issuer"] == self.issuer and len(envelope["signatures"]) == 1 and len(self.signature) == 64, "not one signature by the issuer")
        need(len(pairs) == len(subjects) if pairs else subjects == self.subjects(), "subjects do not fit")
        self.artifacts = [Artifact(*subject, *pair) for subject, pair in zip(subjects, pairs)]
        {"run": self.check_run, "notice": self.check_notice}.get(self.kind, lambda: None)()
        need(self.kind != "dataset" or "members" in says or "unresolved" in says, "a data set of nothing")
        need(len(says.get("targets", [])) <= 64 and says.get("threshold", 0) <= len(says.get("owners", [])), "too many")
        need(number(says.get("synthetic_share"), 0) <= 1, "a share beyond 1")

    def subjects(self):
        members = self.says.get("members", [])
        rows = "".join(f'{{"artifact":"{one}"}}\n' for one in members).encode()
        if self.kind == "dataset":
            return [(self.says["name"], members["sha256"] if isinstance(members, dict) else digest(rows))]
        return [(one["name"], one["sha256"]) for one in self.says["files"]] if self.kind == "report" else [(self.kind, digest(encode(self.says)))]

    def check_run(self):
        run, (takes, makes, shares) = self.says, [set(part.split()) for part in RUNS[self.says["does"]].split(">")]
        roles, kinds, transform = [one["role"] for one in self.inputs], {kind for _, kind, _ in self.items}, run["does"] == "transform"
        need(set(roles) <= takes and kinds <= makes, "a role or a kind that the run does not have")
        of_base = kinds == {"model"} and roles.count("base") == 1 and "data" not in roles
        need(not transform or (of_base if "base" in roles else "model" not in kinds), "a transform of both, or of neither")
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
    names, sizes = [one.get("name", "").encode() for one in found], [one.get("bytes") for one in found]
    need(name == "line" or all(one < two for one, two in zip(names, names[1:])), "names out of order")
    need(name == "line" or (None if None in sizes else sum(sizes)) == expected.get("total_bytes"), "the total of sizes")
    return found

def checkpoint(note, trust):
    """Size and root of a signed checkpoint (tiles-and-checkpoint.md)."""
    name, key_id, key = trust["log_key"].split("+", 2)
    key, (body, _, by) = from_base64(key), note.decode().rpartition("\n\n")
    found = like(r"([a-zA-Z0-9._~/:@-]{1,128})\n(0|[1-9][0-9]*)\n(.{44})")(body)
    marks = [like("\u2014 ([^ ]+) ([^ ]+)")(line) for line in by.split("\n")[:-1]]
    need(found and int(found[2]) <= 2**62 and len(note) <= 65536, "no checkpoint")
    need(found[1] == trust["origin"], "a checkpoint of another log", "other_ledger")
    need(by.endswith("\n") and len(marks) <= 16 and all(marks) and name == found[1], "signatures")
    need(key_id == digest(name.encode() + b"\n" + key)[:8], "the log key")
    blobs = [from_base64(mark[2]) for mark in marks if mark[1] == name]
    ours = [signed(public_key(key[1:]), body.encode() + b"\n", one[4:]) for one in blobs if one[:4].hex() == key_id]
    need(ours and all(ours), "no good signature by the log key")
    return int(found[2]), from_base64(found[3])
