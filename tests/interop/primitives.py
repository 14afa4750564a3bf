"""Ed25519 (RFC 8032, by the strict rule of docs/formats/envelope.md), BLAKE3, RFC 6962 roots and canonical JSON."""
import base64, hashlib, itertools, json, re, struct

class Refused(ValueError):
    """What is not as its page says: why, and perhaps the code of the finding."""
    def __init__(self, why, code=None):
        super().__init__(why)
        self.code = code

def need(condition, why, code=None):
    if not condition:
        raise Refused(why, code)

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def add(one, two):
    (x, y), (v, w) = one, two
    k = D * x * v * y * w % P
    return (x * w + v * y) * pow(1 + k, -1, P) % P, (y * w + x * v) * pow(1 - k, -1, P) % P

def mul(scalar, point): return add(point if scalar & 1 else (0, 1), mul(scalar >> 1, add(point, point))) if scalar else (0, 1)
def point(raw):
    """The point of which these bytes are the one encoding (5.1.3), if it is not of small order."""
    y, sign = int.from_bytes(raw, "little") % 2**255, int.from_bytes(raw, "little") >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == sign else P - x
    return (x, y) if len(raw) == 32 and y < P and x < P and (x * x - square) % P == 0 and mul(8, (x, y)) != (0, 1) else None

BASE = point(bytes.fromhex("58" + "66" * 31))

def public_key(raw):
    need(point(raw) and mul(L, point(raw)) == (0, 1), "no key, or one with a torsion component")
    return raw

def signed(raw_key, message, signature):
    """Whether a signature counts: S, R and the key canonical, neither of small order, no cofactor."""
    key, r, s = point(raw_key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + raw_key + message).digest(), "little") % L
    return bool(key and r and len(signature) == 64 and s < L and mul(s, BASE) == add(r, mul(k, key)))

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
MIX = [(i, 4 + (i + j) % 4, 8 + (i + 2 * j) % 4, 12 + (i + 3 * j) % 4) for j in (0, 1) for i in range(4)]
START, END, PARENT, ROOT, CONTEXT, MATERIAL, MASK = 1, 2, 4, 8, 32, 64, 0xFFFFFFFF

def compress(chaining, m, counter, length, flags):
    v = chaining + IV[:4] + [counter & MASK, counter >> 32, length, flags]
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(MIX):
            for word, one, two in ((m[2 * i], 16, 12), (m[2 * i + 1], 8, 7)):
                v[a] = v[a] + v[b] + word & MASK
                v[d] = ((v[d] ^ v[a]) >> one | (v[d] ^ v[a]) << 32 - one) & MASK
                v[c] = v[c] + v[d] & MASK
                v[b] = ((v[b] ^ v[c]) >> two | (v[b] ^ v[c]) << 32 - two) & MASK
        m = [m[at] for at in ORDER]
    return [v[i] ^ v[i + 8] for i in range(8)]

def blake3(data, key=IV, flags=0):
    def tree(part, counter, root):
        if len(part) > 1024:
            left = 1024 << ((len(part) - 1) // 1024).bit_length() - 1
            return compress(key, tree(part[:left], counter, 0) + tree(part[left:], counter + left // 1024, 0), 0, 64, flags | PARENT | root)
        chaining, last = key, max(len(part) - 1, 0) // 64 * 64
        for at in range(0, last + 1, 64):
            block, mark = part[at:at + 64], START * (at == 0) | (END | root) * (at == last)
            chaining = compress(chaining, struct.unpack("<16I", block.ljust(64, b"\0")), counter, len(block), flags | mark)
        return chaining
    return struct.pack("<8I", *tree(data, 0, ROOT))

def statement_id(pae):
    return blake3(pae, list(struct.unpack("<8I", blake3(b"herdbook 2026-11-22 statement id v1", flags=CONTEXT))), MATERIAL).hex()

def sha256(data): return hashlib.sha256(data).digest()
def covered(parts):
    """The root (RFC 6962 2.1) over (first leaf, how many, hash) of what covers the leaves."""
    if len(parts) < 2: return parts[0][2] if parts else sha256(b"")
    half = 1 << (sum(many for _, many, _ in parts) - 1).bit_length() - 1
    left = [part for part in parts if part[0] - parts[0][0] < half]
    return sha256(b"\1" + covered(left) + covered(parts[len(left):]))

def root(rows): return covered([(at, 1, sha256(b"\0" + row)) for at, row in enumerate(rows)]).hex()
def encode(value): return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
def parse(data, exact=True):
    """JSON of the subset of docs/formats/envelope.md, in its canonical bytes unless `exact` is false."""
    def members(pairs):
        keys = [key.encode("utf-16-be") for key, _ in pairs]
        need(sorted(set(keys)) == (keys if exact else sorted(keys)), "a key twice, or keys out of order")
        return dict(pairs)

    def integer(text):
        need(len(text) < 18 and abs(int(text)) < 2**53, "no integer up to 2^53 - 1")
        return int(text)
    bare = re.sub(r'"(?:\\.|[^"\\])*"', "", data.decode())
    deep = itertools.accumulate((c in "[{") - (c in "]}") for c in bare)
    need("null" not in bare and max(deep, default=0) <= 32, "null, or nested too deep")
    value = json.loads(data, object_pairs_hook=members, parse_int=integer, parse_float=integer, parse_constant=integer)
    need(not exact or encode(value) == data, "not canonical")
    return value

def from_base64(text):
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 with loose bits")
    return raw
