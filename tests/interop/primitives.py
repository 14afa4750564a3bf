"""Ed25519 (RFC 8032, by the strict rule of docs/formats/envelope.md), BLAKE3, RFC 6962 roots and canonical JSON."""
import base64, hashlib, itertools, json, re

class Refused(Exception):
    """Bytes of another form than the page says, or what else keeps something from counting: why, and perhaps the code of the finding."""

def need(condition, why, code=None):
    if not condition:
        raise Refused(why, code)

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def add(one, two):
    (x, y), (v, w) = one, two
    k = D * x * v * y * w % P
    return (x * w + v * y) * pow(1 + k, -1, P) % P, (y * w + x * v) * pow(1 - k, -1, P) % P

def mul(scalar, point):
    return add(point if scalar & 1 else (0, 1), mul(scalar >> 1, add(point, point))) if scalar else (0, 1)

def point(raw):
    """A point from its one encoding (5.1.3) that is not of small order; anything else is refused."""
    y, sign = int.from_bytes(raw, "little") % 2**255, int.from_bytes(raw, "little") >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(len(raw) == 32 and y < P and (x * x - square) % P == 0 and (x or not sign), "no canonical point")
    found = (P - x if x & 1 != sign else x), y
    need(mul(8, found) != (0, 1), "a point of small order")
    return found

BASE = point(bytes.fromhex("58" + "66" * 31))

def public_key(raw):
    need(mul(L, point(raw)) == (0, 1), "a key with a torsion component")
    return raw

def signed(raw_key, message, signature):
    """Whether a signature counts: S, R and the key canonical, neither of small order, no cofactor."""
    try:
        key, r, s = point(raw_key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except Refused:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + raw_key + message).digest(), "little") % L
    return len(signature) == 64 and s < L and mul(s, BASE) == add(r, mul(k, key))

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
MIX = [(i, 4 + (i + j) % 4, 8 + (i + 2 * j) % 4, 12 + (i + 3 * j) % 4) for j in (0, 1) for i in range(4)]
START, END, PARENT, ROOT, CONTEXT, MATERIAL, MASK = 1, 2, 4, 8, 32, 64, 0xFFFFFFFF

def words(data):
    return [int.from_bytes(data[i:i + 4], "little") for i in range(0, 64, 4)]

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
            mark = START * (at == 0) | (END | root) * (at == last)
            chaining = compress(chaining, words(part[at:at + 64]), counter, min(64, len(part) - at), flags | mark)
        return chaining
    return b"".join(word.to_bytes(4, "little") for word in tree(data, 0, ROOT))

def statement_id(pae):
    return blake3(pae, words(blake3(b"herdbook 2026-11-22 statement id v1", flags=CONTEXT))[:8], MATERIAL).hex()

def sha256(data):
    return hashlib.sha256(data).digest()

def root(leaves):
    """The root over leaf hashes (RFC 6962 2.1)."""
    half = 1 << max(len(leaves) - 1, 0).bit_length() - 1 if len(leaves) > 1 else 0
    return sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])) if half else leaves[0] if leaves else sha256(b"")

def encode(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

def parse(data, exact=True):
    """JSON of the subset of docs/formats/envelope.md, in its canonical bytes unless `exact` is false."""
    def members(pairs):
        keys = [key.encode("utf-16-be") for key, _ in pairs]
        need(len(set(keys)) == len(keys) and (keys == sorted(keys) or not exact), "a key twice, or keys out of order")
        return dict(pairs)

    def integer(text):
        need(len(text) < 18 and abs(int(text)) < 2**53, "no integer up to 2^53 - 1")
        return int(text)
    try:
        bare = re.sub(r'"(?:\\.|[^"\\])*"', "", data.decode())
        need("null" not in bare and max(itertools.accumulate((c in "[{") - (c in "]}") for c in bare), default=0) <= 32, "null, or nested too deep")
        value = json.loads(data, object_pairs_hook=members, parse_int=integer, parse_float=integer, parse_constant=integer)
        need(encode(value) == data or not exact, "not canonical")
    except ValueError as error:
        raise Refused(str(error)) from error
    return value

def from_base64(text):
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise Refused(str(error)) from error
    need(base64.b64encode(raw).decode() == text, "base64 with loose bits")
    return raw
