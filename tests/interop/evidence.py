"""Statements, manifests and checkpoints, each as its page under docs/formats says; fields.txt is read as it is."""
import pathlib, re, unicodedata
from collections import defaultdict
from fractions import Fraction
from primitives import encode, from_base64, need, parse, public_key, root, sha256, signed, statement_id

FORMATS = pathlib.Path(__file__).resolve().parents[2] / "docs/formats"
TABLE = re.findall(r"(?m)^(\w+) +([=>~]) (.*)", (FORMATS / "fields.txt").read_text())
PARTS, RUNS, PATTERNS = ({name: rest for name, mark, rest in TABLE if mark == which} for which in "=>~")

def digest(data): return sha256(data).hex()
def number(value, default=None): return Fraction(value) if value is not None else default
def like(value, pattern): return isinstance(value, str) and re.fullmatch(PATTERNS[pattern], value)
def text(value, limit=8192):
    shown = isinstance(value, str) and not re.search(PATTERNS["hidden"], re.sub("[\n\t]", "", value))
    return shown and len(value.encode()) <= limit and not value.startswith("commitment:")

def ref(value):
    """The address of an artifact as a tuple: id, subject, line or None."""
    found = like(value, "ref")
    need(found and int(found[2]) < 2**32 and int(found[3] or 0) < 2**64, "no address of an artifact")
    return found[1], int(found[2]), int(found[3]) if found[3] else None

def withheld(value, test):
    """What a test takes, or a commitment to it; of a map, in the place of each value."""
    shown = {key: "" if like(one, "commitment") else one for key, one in value.items()} if isinstance(value, dict) else value
    return like(value, "commitment") or test(shown)

def listed(value, test): return isinstance(value, list) and value and all(map(test, value))

TYPES = {
    "text": text, "ref": ref, "flag": lambda v: v is True, "object": lambda v: isinstance(v, dict),
    "count": lambda v: type(v) is int and v >= 0, "some": lambda v: type(v) is int and v > 0,
    "key": lambda v: like(v, "hex") and public_key(bytes.fromhex(v)),
    "name": lambda v: text(v, 200) and like(v, "name_like") and v == v.strip() and unicodedata.is_normalized("NFC", v),
    "file": lambda v: text(v, 1024) and like(v, "file_like"), "names": lambda v: v == "not_known" or listed(v, text),
    "map": lambda v: isinstance(v, dict) and v and all(text(key) and text(v[key]) for key in v),
    "cites": lambda v: fits(v, "cited") if isinstance(v, dict) else listed(v, ref) and len(v) <= 64,
}

def tester(kind):
    """The test of a type of fields.txt."""
    if kind[-1] == "*": return lambda value, test=tester(kind[:-1]): listed(value, test)
    if kind[-1] == "~": return lambda value, test=tester(kind[:-1]): withheld(value, test)
    if kind[0] == "@": return lambda value: fits(value, kind[1:])
    return TYPES.get(kind) or (lambda value: like(value, kind) if kind in PATTERNS else value in kind.lstrip("=").split("|"))

OBJECTS = defaultdict(list)
for title, _, line in (row for row in TABLE if row[1] == "="):
    while "+ " in line:
        line = re.sub(r"\+ (\w+)", lambda part: PARTS[part[1]], line)
    fields = re.findall(r"(\w+)([?*]*):(\S+)", line)
    OBJECTS[title].append({key: ("?" in mark, tester(kind + mark.strip("?"))) for key, mark, kind in fields})

def fits(value, name):
    """Whether an object is as one of the lines of its name says."""
    def is_as(line):
        known = value.keys() <= line.keys() and all(optional or key in value for key, (optional, _) in line.items())
        basis = "rows_basis" not in line or ("rows" in value) == ("rows_basis" in value)
        return known and basis and all(line[key][1](value[key]) for key in value)
    return isinstance(value, dict) and any(map(is_as, OBJECTS[name]))

def check(value, name):
    need(fits(value, name), f"another form than that of {name}")
    return value

def lower(value): return "".join(c.lower() if c.isascii() else c for c in value)

class Artifact:
    """A subject with what its statement says of it; `item` is the number of its item in the statement."""
    def __init__(self, name, sha256, item, says):
        self.name, self.sha256, self.item, self.says, declared = name, sha256, item, says, says.get("declaration", {})
        self.content = None if declared else sha256
        if says["content"] == "foreign":
            algorithm = lower(re.sub("(?a)[^a-zA-Z0-9]", "", declared.get("alg", "sha256")))
            need("value" in declared and algorithm not in ("sha256", "blake3"), "no foreign identifier")
            self.content = digest("\n".join(("herdbook tie", "foreign", algorithm, lower(declared["value"]))).encode())
        need(not declared or (declared.get("content"), digest(encode(declared))) == (says["content"], sha256), "a declaration")

class Statement:
    """A statement at an entry. `items` are (name, kind, what is said of it)."""
    def __init__(self, entry, index):
        envelope = check(parse(entry), "envelope")
        [signature], self.index, self.entry = envelope["signatures"], index, entry
        payload, self.signature = from_base64(envelope["payload"]), from_base64(signature["sig"])
        self.pae = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
        self.id, self.issuer, self.body = statement_id(self.pae), signature["keyid"], check(parse(payload), "statement")
        self.kind = self.body["predicateType"].removeprefix("https://herdbook/").removesuffix("/v1")
        judged = self.body["predicateType"] == f"https://herdbook/{self.kind}/v1" and "issuer" in OBJECTS.get(self.kind, [[]])[0]
        need(judged, "a kind", "not_judged")
        self.says = says = check(self.body["predicate"], self.kind)
        self.inputs, items = says.get("inputs", []), says["outputs"] if self.kind == "run" else [says] if "artifacts" in says else []
        self.items = [(item["name"], item.get("kind", self.kind), item) for item in items]
        subjects = [(subject["name"], subject["digest"]["sha256"]) for subject in self.body["subject"]]
        pairs = [(at, one) for at, item in enumerate(items) for one in item["artifacts"]]
        need(says["issuer"] == self.issuer and len(self.signature) == 64, "no signature by the issuer")
        need(len(pairs) == len(subjects) if pairs else subjects == self.subjects(), "subjects do not fit")
        self.artifacts = [Artifact(*subject, *pair) for subject, pair in zip(subjects, pairs)]
        need(self.kind != "run" or self.is_run(says), "no such run")
        need(len(says.get("by", targets := says.get("targets", []))) == (len(targets) or "gap" in says), "by")
        need(len(targets) <= 64 and says.get("threshold", 0) <= len(says.get("owners", [])), "too many")
        need(number(says.get("synthetic_share"), 0) <= 1, "a share beyond 1")

    def subjects(self):
        """What stands as subjects where there are no artifacts."""
        if self.kind == "dataset":
            members = self.says.get("members", [])
            rows = "".join(f'{{"artifact":"{one}"}}\n' for one in members).encode()
            return [(self.says["name"], members["sha256"] if isinstance(members, dict) else digest(rows))]
        files = [(one["name"], one["sha256"]) for one in self.says.get("files", [])]
        return files or [(self.kind, digest(encode(self.says)))]

    def is_run(self, run):
        """Whether roles, kinds, shares and counts fit what the run does."""
        takes, makes, shares = [set(part.split()) for part in RUNS[run["does"]].split(">")]
        roles, kinds, transform = [one["role"] for one in self.inputs], {kind for _, kind, _ in self.items}, run["does"] == "transform"
        of_base = kinds == {"model"} and roles.count("base") == 1 and "data" not in roles
        shares = shares if "rewrites" in run or not transform else set()
        return all((set(roles) <= takes and kinds <= makes, not transform or (of_base if "base" in roles else "model" not in kinds),
                    all(kind != "model" or text(name) for name, kind, _ in self.items),
                    "expansion" not in run or run["does"] in ("transform", "annotate", "judge", "evaluate"),
                    all(one["role"] in shares for one in self.inputs if "share" in one),
                    sum(number(one.get("share"), 0) for one in self.inputs) <= 1,
                    all(one.get("kept", 0) <= one.get("rows", one.get("kept", 0)) for one in self.inputs),
                    all(at < len(self.inputs) for _, _, item in self.items for at in item.get("inputs", []))))

def lines(blob, expected, name):
    """The lines of a manifest, each as `name` says, held against what the statement says of them."""
    *rows, last = blob.split(b"\n")
    need(rows and last == b"" and max(map(len, rows)) < 4096, "a line that does not end")
    need((len(rows), root(rows)) == (expected["count"], expected["root"]), "the root")
    found = [check(parse(row), name) for row in rows]
    names, sizes = [one.get("name", "").encode() for one in found], [one.get("bytes") for one in found]
    need(name == "line" or all(one < two for one, two in zip(names, names[1:])), "names out of order")
    need(name == "line" or (None if None in sizes else sum(sizes)) == expected.get("total_bytes"), "the total of sizes")
    return found

def checkpoint(note, trust):
    """Size and root of a signed checkpoint (tiles-and-checkpoint.md)."""
    name, key_id, key = trust["log_key"].split("+", 2)
    body, _, by = note.decode().rpartition("\n\n")
    key, found = from_base64(key), re.fullmatch(r"([a-zA-Z0-9._~/:@-]{1,128})\n(0|[1-9][0-9]*)\n(.{44})", body)
    marks = [re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line) for line in by.split("\n")[:-1]]
    need(found and int(found[2]) <= 2**62 and len(note) <= 65536, "no checkpoint")
    need(found[1] == trust["origin"], "a checkpoint of another log", "other_ledger")
    need(by.endswith("\n") and len(marks) <= 16 and all(marks) and name == found[1], "signatures")
    need(key_id == digest(name.encode() + b"\n" + key)[:8], "the log key")
    ours = [blob for mark in marks if mark[1] == name for blob in [from_base64(mark[2])] if blob[:4].hex() == key_id]
    need(ours and all(signed(public_key(key[1:]), body.encode() + b"\n", one[4:]) for one in ours), "no good signature by the log key")
    return int(found[2]), from_base64(found[3])
