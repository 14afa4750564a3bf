"""Makes the inputs that run.sh measures with: make.py shards|members|contested FOLDER COUNT."""

import hashlib
import json
import pathlib
import sys

PART = 100_000
HEAD = """herdbook: 1
sources:
  - {name: seed, files: [seed.jsonl], made_by: human, acquired_by: own_production, personal_data: no}
models:
  - {name: teacher, provider: Example AI, version: "1", access: api}
runs:
"""
RUN = """  - name: generate
    does: generate
    inputs: [{use: seed, as: seed}, {use: teacher, as: generator}]
    outputs: [{name: shards, kind: shard, %s}]
"""
TRAIN = """  - name: train
    does: train
    inputs: [{use: %s, as: data}]
    outputs: [{name: model, kind: model, content: not_known}]
"""
FILTER = """  - name: keep
    does: filter
    inputs: [{use: shards, as: data}]
    outputs: [{name: kept, kind: shard, digests_from: parts/*.ndjson}]
"""
DATASET = "datasets:\n  - {name: all, members: [shards]}\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def shards(folder, count):
    for number in range(count):
        lines = [json.dumps({"shard": number, "row": row, "text": "x" * 200}) for row in range(4)]
        write(folder / f"out/s{number:07}.jsonl", "\n".join(lines) + "\n")
    return HEAD + RUN % "files: out/*.jsonl" + TRAIN % "shards"


def records(folder, count):
    for first in range(0, count, PART):
        lines = []
        for number in range(first, min(count, first + PART)):
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            name = f"data/s{number:07}.jsonl"
            lines.append(json.dumps({"name": name, "sha256": digest, "bytes": 1000, "rows": 4}))
        write(folder / f"parts/{first // PART:03}.ndjson", "\n".join(lines) + "\n")
    return HEAD + RUN % "digests_from: parts/*.ndjson"


def main():
    what, folder, count = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    write(folder / "seed.jsonl", '{"q": 1}\n')
    if what == "shards":
        text = shards(folder, count)
    elif what == "members":
        text = records(folder, count) + TRAIN % "all" + DATASET
    else:
        text = records(folder, count) + FILTER + TRAIN % "kept"
    write(folder / "lineage.yaml", text)


main()
