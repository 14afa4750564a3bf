"""Redraws the worked example of docs/formats/sample.md from the page alone: the standard library, and BLAKE3 of one chunk."""

import hashlib
import json
import pathlib
import struct
import unittest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "formats" / "sample.md"
ROOT = bytes([7] * 32)
SEED = "dice on 2026-11-22: 4 1 6 2"
COUNT = 6

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
MASK = 0xFFFFFFFF
CHUNK_START, CHUNK_END, IS_ROOT, DERIVE_CONTEXT, DERIVE_MATERIAL = 1, 2, 8, 32, 64


def rotated(word, bits):
    return ((word >> bits) | (word << (32 - bits))) & MASK


def compress(chaining, block, counter, flags):
    """The compression function (BLAKE3 specification 2.2)."""
    message = list(struct.unpack("<16I", block.ljust(64, b"\0")))
    state = chaining + IV[:4] + [counter & MASK, counter >> 32, len(block), flags]

    def mix(a, b, c, d, first, second):
        for word, (left, right) in ((first, (16, 12)), (second, (8, 7))):
            state[a] = (state[a] + state[b] + word) & MASK
            state[d] = rotated(state[d] ^ state[a], left)
            state[c] = (state[c] + state[d]) & MASK
            state[b] = rotated(state[b] ^ state[c], right)

    for _ in range(7):
        columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
        diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
        for at, lanes in enumerate(columns + diagonals):
            mix(*lanes, message[2 * at], message[2 * at + 1])
        message = [message[at] for at in PERMUTATION]
    return [state[at] ^ state[at + 8] for at in range(8)] + [state[at + 8] ^ chaining[at] for at in range(8)]


def output(key, data, mode):
    """The extended output of one chunk, 64 bytes at a time."""
    assert len(data) <= 1024, "one chunk"
    blocks = [data[at : at + 64] for at in range(0, len(data), 64)] or [b""]
    chaining, start = key, CHUNK_START
    for block in blocks[:-1]:
        chaining, start = compress(chaining, block, 0, mode | start)[:8], 0
    counter = 0
    while True:
        yield struct.pack("<16I", *compress(chaining, blocks[-1], counter, mode | start | CHUNK_END | IS_ROOT))
        counter += 1


def derived(context, material):
    key = next(output(IV, context.encode(), DERIVE_CONTEXT))[:32]
    return output(list(struct.unpack("<8I", key)), material, DERIVE_MATERIAL)


def words(stream):
    for part in stream:
        for at in range(0, 64, 8):
            yield part[at : at + 8]


def allocated(sizes, count):
    total = sum(sizes)
    if count >= total:
        return list(sizes)
    shares = [count * size // total for size in sizes]
    order = sorted(range(len(sizes)), key=lambda at: -(count * sizes[at] % total))
    for at in order[: count - sum(shares)]:
        shares[at] += 1
    while count >= len(sizes) and 0 in shares:
        shares[shares.index(max(shares))] -= 1
        shares[shares.index(0)] += 1
    return shares


def block(heading):
    text = PAGE.read_text(encoding="utf-8").split(f"\n### {heading}\n", 1)[1]
    return text.split("```\n", 1)[1].split("\n```", 1)[0]


class Sample(unittest.TestCase):
    def test_blake3_is_blake3(self):
        empty = next(output(IV, b"", 0))[:32].hex()
        self.assertEqual(empty, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")

    def test_the_example_is_redrawn(self):
        lines = (block("Population") + "\n").encode()
        digest = hashlib.sha256(lines)
        self.assertEqual(digest.hexdigest(), block("Digest"))
        units = [json.loads(line) for line in lines.splitlines()[1:]]
        strata = sorted({unit["stratum"] for unit in units})
        sizes = [sum(unit["rows"] for unit in units if unit["stratum"] == name) for name in strata]
        firsts, items = [], []
        for number, (name, size, share) in enumerate(zip(strata, sizes, allocated(sizes, COUNT))):
            material = ROOT + digest.digest() + struct.pack(">Q", number) + SEED.encode()
            drawn = []
            for at, word in enumerate(words(derived("herdbook sample/v1 draw", material))):
                if at == 0:
                    firsts.append(word.hex())
                value = int.from_bytes(word, "big")
                if value < 2**64 // size * size and value % size not in drawn:
                    drawn.append(value % size)
                if len(drawn) == share:
                    break
            for row in sorted(drawn):
                for unit in (unit for unit in units if unit["stratum"] == name):
                    if row < unit["rows"]:
                        items.append(f"{name} {unit['name']} row {row + 1}")
                        break
                    row -= unit["rows"]
        self.assertEqual("\n".join(firsts + items), block("First words and items"))
        said = json.loads(block("File"))["predicate"]
        of_file = [f"{item['stratum']} {item['name']} row {item['row']}" for item in said["items"]]
        self.assertEqual(of_file, items)


if __name__ == "__main__":
    unittest.main()
