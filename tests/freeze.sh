#!/usr/bin/env bash
# Makes the ledgers and bundles of one format version that are read for ever (fixtures/formats/README.md). It is run once a
# format version, and what it made is never made again: a later program must read what an earlier one wrote.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
herdbook=${HERDBOOK:-$root/target/debug/herdbook}
out=$root/fixtures/formats/${1:?the version, such as v1}
[ ! -e "$out" ] || { printf '%s is there already: a frozen format is not written again\n' "$out" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HERDBOOK_HOME=$work/home HERDBOOK_LEDGER=$work/ledger
run() { "$herdbook" --quiet "$@" >/dev/null; }

mkdir -p seeds many model evidence
printf '{"ask": "Who keeps the herd-book?"}\n{"ask": "What is in it?"}\n' >seeds/tasks.jsonl
printf 'Answer in one sentence.\n' >prompt.txt
printf 'print("kept")\n' >filter.py
printf 'weights\n' >model/weights.bin
printf 'The donor agreed.\n' >evidence/consent.txt
printf '{"ask": "a", "answer": "b"}\n{"ask": "c", "answer": "d"}\n' >tasks.jsonl
printf '{"ask": "a", "answer": "b"}\n' >kept.jsonl
printf '{"name": "Ada"}\n' >people.jsonl
printf '{"ask": "e", "answer": "f"}\n' >more.jsonl
for number in $(seq -w 1 70); do printf '{"n": %s}\n' "${number#0}" >"many/$number.jsonl"; done
cat >lineage.yaml <<'YAML'
herdbook: 1
sources:
  - {name: seed-tasks, files: seeds/*.jsonl, made_by: human, acquired_by: own_production, licence: CC0-1.0, personal_data: no, evidence: [evidence/consent.txt]}
  - {name: many, files: many/*.jsonl, made_by: sensor, acquired_by: own_production, personal_data: no}
  - {name: people, files: people.jsonl, made_by: human, acquired_by: user_data, personal_data: yes}
  - {name: crawl, content: not_known, made_by: unknown, acquired_by: web_crawl, personal_data: not_known}
prompts:
  - {name: task-prompt, files: prompt.txt}
filters:
  - {name: dedup, rule: dedup, files: filter.py, params: {threshold: "0.7"}}
models:
  - {name: teacher, provider: Example AI, version: "2026-01", access: api, terms: LicenseRef-example-terms}
  - {name: base, provider: Example AI, version: "1", access: weights, licence: Apache-2.0, foreign: {alg: git-blob-sha1, value: "0123456789012345678901234567890123456789"}}
runs:
  - name: generate
    does: generate
    inputs: [{use: seed-tasks, as: seed}, {use: task-prompt, as: prompt}, {use: teacher, as: generator}]
    outputs: [{name: tasks, kind: shard, files: tasks.jsonl}]
    inputs_complete: yes
    started: "2026-11-22T08:00:00Z"
  - name: filter
    does: filter
    inputs: [{use: tasks, as: data}, {use: dedup, as: filter}]
    outputs: [{name: kept, kind: shard, files: kept.jsonl}]
    inputs_complete: yes
  - name: train
    does: train
    inputs: [{use: base, as: base}, {use: kept, as: data}, {use: many, as: data}]
    outputs: [{name: specialist, kind: model, files: model/*}]
    inputs_complete: yes
  - name: train-on-people
    does: train
    inputs: [{use: people, as: data}]
    outputs: [{name: personal, kind: model, content: not_known}]
  - name: train-with-a-gap
    does: train
    inputs: [{use: many, as: data}, {unresolved: questions from the wiki, as: seed}]
    outputs: [{name: gapped, kind: model, content: not_known}]
datasets:
  - {name: everything, members: [kept, many]}
YAML
run init "$HERDBOOK_LEDGER" --origin frozen.example/herd --org 'Example Lab'
run register lineage.yaml
run prompt add secret-prompt --file prompt.txt --confidential
run run again --does generate --input secret-prompt:prompt teacher:generator --output more=more.jsonl
run release specialist --to hub --channel https://hub.example/specialist --date 2026-11-22
run report specialist -o report --register
run key generate second.pem
run key grant second.pem --kinds '*' --holder 'Example Holder'
run key generate third.pem
run key grant third.pem --kinds source
run key revoke third.pem --retired --reason 'no longer needed'
run notice withdraw people --effect stop_use --reason 'asked for'
run key trust-root -o trust-root.json

mkdir -p "$out"
cp trust-root.json "$out/trust-root.json"
cp -r "$HERDBOOK_LEDGER" "$out/ledger"
rm -rf "$out/ledger/index" "$out/ledger/tmp"
for node in specialist gapped personal; do
    status=0
    run bundle "$node" -o "$out/$node.bundle" || true
    "$herdbook" --json verify "$node" --trust-root trust-root.json >verdict.json || status=$?
    # What must stay the same for ever: the verdict, its reasons by code and node, the shares. Words may be improved.
    python3 - "$node" "$status" verdict.json >"$out/$node.json" <<'PY'
import json, sys
said = json.load(open(sys.argv[3]))
expected = {key: said[key] for key in ("verdict", "boundary", "checkpoint", "completeness", "conditioning")}
expected["node"], expected["exit"] = sys.argv[1], int(sys.argv[2])
expected["findings"] = [{key: finding[key] for key in ("code", "node")} for finding in said["findings"]]
print(json.dumps(expected, indent=1, sort_keys=True))
PY
done

# The twins: one byte of the newest commit slot, and one in the middle of each bundle.
cp -r "$out/ledger" "$out/ledger-corrupted"
for node in specialist gapped personal; do cp "$out/$node.bundle" "$out/$node-corrupted.bundle"; done
python3 - "$out" <<'PY'
import pathlib, sys
out = pathlib.Path(sys.argv[1])
slots = sorted(path for path in (out / "ledger-corrupted" / "commit").rglob("*") if path.is_file())
for path in (slots[-1], *out.glob("*-corrupted.bundle")):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
PY
printf 'wrote %s\n' "$out"
