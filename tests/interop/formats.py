"""The bytes, each as its page under docs/formats says: JSON, hashes, signatures, statements, manifests, checkpoints, containers."""
import base64, collections, fractions, hashlib, itertools, json, math, pathlib, re, struct, unicodedata
from blake3 import blake3
from nacl.bindings import crypto_core_ed25519_is_valid_point as is_valid_point
from nacl.signing import VerifyKey

class Missing(ValueError): """Evidence that is not there, so nobody can say. Whatever else is refused is false, a plain ValueError."""
def need(condition, why, error=ValueError):
    if not condition: raise error(why)
    return condition

def check_signature(key, message, signature):
    """By the strict rule of envelope.md, which is libsodium's: it refuses an S or a key that is not canonical and an R or a key of small
    order, and holds R against the equation without cofactor. Keys with a torsion component are refused where they are read (type `key`)."""
    VerifyKey(key).verify(message, signature)
def sha256(data): return hashlib.sha256(data).digest()
def digest(data): return sha256(data).hex()
def folded(name): return re.sub("[A-Z]", lambda one: one[0].lower(), re.sub(r"[\x00-/:-@[-`{-\x7f]", "", name)) or name
def tie(*words): return digest("\n".join(("herdbook tie", *words)).encode())
def covered(parts):  # the root (RFC 6962 2.1) over (first leaf, how many, hash) of what covers the leaves
    if len(parts) < 2: return parts[0][2] if parts else sha256(b"")
    half = 1 << (sum(part[1] for part in parts) - 1).bit_length() - 1
    left = [part for part in parts if part[0] - parts[0][0] < half]
    return sha256(b"\1" + covered(left) + covered(parts[len(left):]))
def root(rows): return covered([(at, 1, sha256(b"\0" + row)) for at, row in enumerate(rows)]).hex()
def encode(value): return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
def parse(data, exact=True):  # JSON of the subset of envelope.md, in its canonical bytes unless `exact` is false
    def members(pairs):
        found = dict(sorted(pairs, key=lambda pair: pair[0].encode("utf-16-be")))
        return need(len(found) == len(pairs), "a key twice") and found
    def integer(text): return need(abs(int(text)) < 2**53, "no integer up to 2^53 - 1") and int(text)
    bare = re.sub(r'"(?:\\.|[^"\\])*"', "", data.decode())
    deep = max(itertools.accumulate((c in "[{") - (c in "]}") for c in bare), default=0)
    need("null" not in bare and deep <= 32, "null, or nested too deep")
    value = json.loads(data, object_pairs_hook=members, parse_int=integer, parse_float=integer, parse_constant=integer)
    return need(not exact or encode(value) == data, "not canonical") and value
def from_base64(text):
    raw = base64.b64decode(text, validate=True)
    return need(base64.b64encode(raw).decode() == text, "base64 with loose bits") and raw
FORMATS = pathlib.Path(__file__).resolve().parents[2] / "docs/formats"
TABLE = re.findall(r"(?m)^(\w+) +([=>~]) (.*)", (FORMATS / "fields.txt").read_text())
PARTS, RUNS, PATTERNS = ({name: rest for name, mark, rest in TABLE if mark == which} for which in "=>~")
WITH_CONTENT = {"file", "manifest", "foreign"}
def number(says, key, default=0): return fractions.Fraction(says.get(key, default))
def like(value, pattern): return isinstance(value, str) and re.fullmatch(PATTERNS[pattern], value)
def listed(value, test): return isinstance(value, list) and value and all(map(test, value))
def text(value, limit=8192):
    shown = isinstance(value, str) and not re.search(PATTERNS["hidden"], re.sub("[\n\t]", "", value))
    return shown and len(value.encode()) <= limit and not value.startswith("commitment:")
def ref(value):  # the address of an artifact as a tuple: id, subject, line or None
    found = need(like(value, "ref"), "no address of an artifact")
    return found[1], int(found[2]), int(found[3]) if found[3] else None
def withheld(value, test):  # what a test takes, or a commitment to it; of a map, in the place of each value
    shown = {key: "" if like(one, "commitment") else one for key, one in value.items()} if isinstance(value, dict) else value
    return like(value, "commitment") or test(shown)
TYPES = {
    "text": text, "ref": ref, "flag": lambda v: v is True, "object": lambda v: isinstance(v, dict),
    "count": lambda v: type(v) is int and v >= 0, "some": lambda v: type(v) is int and v > 0,
    "key": lambda v: like(v, "hex") and is_valid_point(bytes.fromhex(v)),
    "name": lambda v: text(v, 200) and like(v, "name_like") and v == v.strip() and unicodedata.is_normalized("NFC", v),
    "file": lambda v: text(v, 1024) and like(v, "file_like"), "names": lambda v: v == "not_known" or listed(v, text),
    "map": lambda v: isinstance(v, dict) and v and all(text(key) and text(v[key]) for key in v),
    "refs": lambda v: listed(v, ref) and len(v) <= 64, "cites": lambda v: fits(v, "cited") or TYPES["refs"](v)}
def tester(kind):  # the test of a type of fields.txt
    if kind[-1] == "*": return lambda value, test=tester(kind[:-1]): listed(value, test)
    if kind[-1] == "~": return lambda value, test=tester(kind[:-1]): withheld(value, test)
    if kind[0] == "@": return lambda value: fits(value, kind[1:])
    return TYPES.get(kind) or (lambda value: like(value, kind) if kind in PATTERNS else value in kind.lstrip("=").split("|"))
OBJECTS = collections.defaultdict(list)
for title, _, line in (row for row in TABLE if row[1] == "="):
    while "+ " in line: line = re.sub(r"\+ (\w+)", lambda part: PARTS[part[1]], line)
    fields = re.findall(r"(\w+)([?*]*):(\S+)", line)
    OBJECTS[title].append({key: ("?" in mark, tester(kind + mark.strip("?"))) for key, mark, kind in fields})
def fits(value, name):  # whether an object is as one of the lines of its name says
    def is_as(line):
        known = value.keys() <= line.keys() and all(optional or key in value for key, (optional, _) in line.items())
        basis = "rows_basis" not in line or ("rows" in value) == ("rows_basis" in value)
        return known and basis and all(line[key][1](value[key]) for key in value)
    return isinstance(value, dict) and any(map(is_as, OBJECTS[name]))
def check(value, name): return need(fits(value, name), f"another form than that of {name}") and value
def artifact(name, subject, item, says):  # what is said of a subject, with its name, digest, content (`sha256`) and the number of its item
    content, declared, sha256 = says["content"], says.get("declaration", {}), subject
    need(not declared or (declared.get("content"), digest(encode(declared))) == (content, subject), "a declaration")
    if content == "foreign":
        algorithm = re.sub("[^a-zA-Z0-9]", "", declared.get("alg", "sha256")).lower()
        need("value" in declared and algorithm not in ("sha256", "blake3"), "no foreign identifier")
        sha256 = tie("foreign", algorithm, re.sub("[A-Z]", lambda one: one[0].lower(), declared["value"]))
    return says | {"name": name, "subject": subject, "item": item, "sha256": sha256 if content in WITH_CONTENT else None}
class Statement:
    """At an entry. `items` are (name, kind, what is said). A data set is one of one artifact; inputs are gaps, then members or parents."""
    def __init__(self, entry, index):
        envelope = check(parse(entry), "envelope")
        [signature], self.index, self.entry = envelope["signatures"], index, entry
        payload, self.signature = from_base64(envelope["payload"]), from_base64(signature["sig"])
        self.pae = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(payload) + payload
        self.id = blake3(self.pae, derive_key_context="herdbook 2026-11-22 statement id v1").hexdigest()
        self.issuer, self.body = signature["keyid"], check(parse(payload), "statement")
        named = re.fullmatch("https://herdbook/(.*)/v1", self.body["predicateType"])
        self.kind = kind = named[1] if named and "issuer" in OBJECTS.get(named[1], [[]])[0] else None
        if not kind: return  # of a later version
        self.says = says = check(self.body["predicate"], kind)
        role = {"source": "parent", "filter": "model"}.get(kind, "member")
        self.inputs = says.get("inputs", []) + [{"role": role, "unresolved": gap} for gap in says.get("unresolved", [])]
        cited = [[says[key]] if key == "model" else says[key] for key in ("members", "derived_from", "model") if key in says]
        self.inputs += [{"role": role, "artifacts": one} for one in cited]
        self.roles = [one["role"] for one in self.inputs]
        items = says.get("outputs", [says] if "artifacts" in says or kind == "dataset" else [])
        self.items = [(item["name"], item.get("kind", "external" if kind == "model" else kind), item) for item in items]
        subjects = [(subject["name"], subject["digest"]["sha256"]) for subject in self.body["subject"]]
        pairs = [(at, one) for at, item in enumerate(items) for one in item.get("artifacts", [{"content": "none"}])]
        self.artifacts = [artifact(*subject, *pair) for subject, pair in zip(subjects, pairs)]
        need(says["issuer"] == self.issuer and len(self.signature) == 64, "no signature by the issuer")
        need(subjects == self.subjects() if not pairs or kind == "dataset" else len(pairs) == len(subjects), "subjects do not fit")
        need(kind != "run" or self.is_run(says), "no such run")
        need(len(says.get("by", targets := says.get("targets", []))) == (len(targets) or "gap" in says), "by")
        need(says.get("threshold", 0) <= len(says.get("owners", [])) and number(says, "synthetic_share") <= 1, "too many or much")
    def subjects(self):  # what stands as subjects where there are no artifacts
        members, files = self.says.get("members", []), [(one["name"], one["sha256"]) for one in self.says.get("files", [])]
        if self.kind != "dataset": return files or [(self.kind, digest(encode(self.says)))]
        rows = "".join(f'{{"artifact":"{one}"}}\n' for one in members).encode()
        return [(self.says["name"], members["sha256"] if isinstance(members, dict) else digest(rows))]
    def is_run(self, run):  # whether roles, kinds, shares and counts fit what the run does
        takes, makes, shares = [set(part.split()) for part in RUNS[run["does"]].split(">")]
        roles, kinds, transform = self.roles, {kind for _, kind, _ in self.items}, run["does"] == "transform"
        of_base = kinds == {"model"} and roles.count("base") == 1 and "data" not in roles
        shares = shares if "rewrites" in run or not transform else set()
        return all((
            set(roles) <= takes and kinds <= makes, all(kind != "model" or text(name) for name, kind, _ in self.items),
            not transform or (of_base if "base" in roles else "model" not in kinds),
            "expansion" not in run or run["does"] in ("transform", "annotate", "judge", "evaluate"),
            all(one["role"] in shares for one in self.inputs if "share" in one), sum(number(one, "share") for one in self.inputs) <= 1,
            all(one.get("kept", 0) <= one.get("rows", math.inf) for one in self.inputs),
            all(at < len(self.inputs) for _, _, item in self.items for at in item.get("inputs", []))))
def lines(blob, expected, name):  # the lines of a manifest, held against what the statement says of them
    *rows, last = blob.split(b"\n")
    need(rows and last == b"" and max(map(len, rows)) < 4096, "a line that does not end")
    need((len(rows), root(rows)) == (expected["count"], expected["root"]), "the root of a manifest")
    found = [check(parse(row), name) for row in rows]
    names, size = [one.get("name", "").encode() for one in found], sum(one.get("bytes", math.inf) for one in found)
    sound = sorted(set(names)) == names and size == expected.get("total_bytes", math.inf)
    return need(sound or name == "line", "names out of order, or another total of sizes") and found
def checkpoint(note, trust):  # size and root of a signed checkpoint
    (name, key_id, key), signer = trust["log_key"].split("+", 2), "\u2014 ([^ \n]+) ([^ \n]+)\n"
    form = r"(([a-zA-Z0-9._~/:@-]{1,128})\n(0|[1-9][0-9]*)\n(.{44})\n)\n((?:" + signer + "){1,16})"
    found, key = need(re.fullmatch(form, note.decode()), "no checkpoint"), from_base64(key)
    need(found[2] == trust["origin"], "other_ledger", Missing)
    need(int(found[3]) <= 2**62 and len(note) <= 65536 and name == found[2], "no checkpoint by the log")
    need(key_id == digest(name.encode() + b"\n" + key)[:8] and is_valid_point(key[1:]), "the log key")
    ours = [blob[4:] for by, text in re.findall(signer, found[5]) if by == name and (blob := from_base64(text))[:4].hex() == key_id]
    for one in need(ours, "no signature by the log key"): check_signature(key[1:], found[1].encode(), one)
    return int(found[3]), from_base64(found[4])

LIMITS = {"bundle.json": 1 << 16, "checkpoint": 1 << 16, "tree": 1 << 28, "contested": 1 << 30}
def header(name, size):
    fields = name.encode(), b"0000644", b"0000000", b"0000000", b"%011o" % size, b"00000000000", b"        ", b"0", b"", b"ustar", b"00"
    head = struct.pack("100s8s8s8s12s12s8s1s100s6s2s247x", *fields)
    return head[:148] + b"%07o\0" % sum(head) + head[156:]
def container(data):  # the members of a bundle as (name, bytes)
    found, at, end = [], 0, bytes(1024)
    while any(head := data[at:at + 512]):
        need(len(head) == 512, "bundle_incomplete", Missing)
        name, size = head[:100].rstrip(b"\0").decode(), int(head[124:135], 8)
        need(size <= LIMITS.get(name, 1 << 32) and head == header(name, size), "a header")
        body, at = data[at + 512:at + 512 + size], at + 512 + -(-size // 512) * 512
        need(len(data) >= at, "bundle_incomplete", Missing)
        need(not any(data[at - (-size % 512):at]), "padding")
        found.append((name, body))
    need(data[at:] == end, "no end, or something behind it", Missing if end.startswith(data[at:]) else ValueError)
    need([name for name, _ in found[:4]] == list(LIMITS), "the first members")
    return found
def spans(tree):  # what covers the leaves from the first on, as (first leaf, how many, hash, is an entry)
    form = "(?:entry|node (0|[1-9][0-9]?)) (0|[1-9][0-9]{0,18}) ([0-9a-f]{64})\n"
    need(re.fullmatch(f"(?:{form})+", tree.decode()), "the form of the tree")
    found = [(int(first), 1 << int(level or 0), bytes.fromhex(leaf), not level) for level, first, leaf in re.findall(form, tree.decode())]
    ends = [0, *itertools.accumulate(part[1] for part in reversed(found))]
    need(all(part[0] == end and end % part[1] == 0 for part, end in zip(reversed(found), ends)), "leaves are not covered once")
    return found[::-1]
def opened(data):  # what is judged, the checkpoint, the tree, the contested ties, entries by number and blobs by digest
    (_, about), (_, note), (_, tree), (_, contested), *members = container(data)
    about = check(parse(about[:-1] if about.endswith(b"\n") else b""), "bundle")
    tree, entries, blobs = spans(tree), {}, {}
    for first, _, leaf, is_entry in reversed(tree):
        if is_entry and members and members[0][0] == leaf.hex():
            entries[first] = members.pop(0)[1]
            need(sha256(b"\0" + entries[first]) == leaf and len(entries[first]) <= 65535, f"entry {first}")
    for name, body in members:
        need(name > max(blobs, default="") and digest(body) == name, f"blob {name}")
        blobs[name] = body
    return list(map(ref, about["artifacts"])), note, tree, contested, entries, blobs
