"""Ed25519 (RFC 8032, by the strict rule of docs/formats/envelope.md), BLAKE3, RFC 6962 roots and canonical JSON."""

import base64
import hashlib
import json

class Refused(Exception):
    """Bytes of another form than the page says."""

def need(condition, why):
    if not condition:
        raise Refused(why)

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, NEUTRAL = -121665 * pow(121666, P - 2, P) % P, (0, 1, 1, 0)

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P

def mul(scalar, point):
    total = NEUTRAL
    while scalar:
        total = add(total, point) if scalar & 1 else total
        point, scalar = add(point, point), scalar >> 1
    return total

def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0

def point(raw):
    """A point from its one encoding (5.1.3) that is not of small order; anything else is refused."""
    y, sign = int.from_bytes(raw, "little") % 2**255, raw[-1] >> 7 if raw else 0
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(len(raw) == 32 and y < P and (x * x - square) % P == 0 and (x or not sign), "no canonical point")
    x = P - x if x & 1 != sign else x
    need(not same(mul(8, (x, y, 1, x * y % P)), NEUTRAL), "a point of small order")
    return x, y, 1, x * y % P

BASE = point(bytes.fromhex("58" + "66" * 31))

def public_key(raw):
    need(same(mul(L, point(raw)), NEUTRAL), "a key with a torsion component")
    return raw

def signed(raw_key, message, signature):
    """Whether a signature counts: S, R and the key canonical, neither of small order, no cofactor."""
    try:
        key, r, s = point(raw_key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except Refused:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + raw_key + message).digest(), "little") % L
    return len(signature) == 64 and s < L and same(mul(s, BASE), add(r, mul(k, key)))

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
MIX = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
       (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
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
            both = tree(part[:left], counter, 0) + tree(part[left:], counter + left // 1024, 0)
            return compress(key, both, 0, 64, flags | PARENT | root)
        chaining, last = key, max(len(part) - 1, 0) // 64 * 64
        for at in range(0, last + 1, 64):
            block = part[at:at + 64]
            words = [int.from_bytes(block[i:i + 4], "little") for i in range(0, 64, 4)]
            mark = (START if at == 0 else 0) | (END | root if at == last else 0)
            chaining = compress(chaining, words, counter, len(block), flags | mark)
        return chaining
    return b"".join(word.to_bytes(4, "little") for word in tree(data, 0, ROOT))

def statement_id(pae):
    key = blake3(b"herdbook 2026-11-22 statement id v1", flags=CONTEXT)
    return blake3(pae, [int.from_bytes(key[i:i + 4], "little") for i in range(0, 32, 4)], MATERIAL).hex()

def sha256(data):
    return hashlib.sha256(data).digest()

def root(leaves):
    """The root over leaf hashes (RFC 6962 2.1)."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root(leaves[:half]) + root(leaves[half:]))

def encode(value):
    """The canonical bytes of docs/formats/envelope.md."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return b"{" + b",".join(encode(key) + b":" + encode(value[key]) for key in keys) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(encode, value)) + b"]"
    return json.dumps(value, ensure_ascii=False).encode()

def parse(data, exact=True):
    """JSON of the subset, in its canonical bytes unless `exact` is false."""
    def pairs(members):
        need(len(dict(members)) == len(members), "a key twice")
        return dict(members)

    def integer(text):
        need(len(text) < 18 and abs(int(text)) < 2**53, "no integer up to 2^53 - 1")
        return int(text)

    def depth(value, left=32):
        need(value is not None and (left or not isinstance(value, (dict, list))), "null, or nested too deep")
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            depth(inner, left - 1)
    try:
        value = json.loads(data.decode(), object_pairs_hook=pairs, parse_int=integer, parse_float=integer,
                           parse_constant=integer)
        depth(value)
        need(encode(value) == data or not exact, "not canonical")
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from error
    return value

def from_base64(text):
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise Refused(str(error)) from error
    need(base64.b64encode(raw).decode() == text, "base64 with loose bits")
    return raw
