#!/bin/sh
# Makes reports of four kinds and opens each in a browser: tests/look.sh
#
# By hand, for it needs Chromium, node and npm, and eyes: the pictures and prints are left in target/look/. It fails by
# itself on a message in the console, a request, or a page that scrolls sideways.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
out=$root/target/look
LOOK_BROWSER=${LOOK_BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
export LOOK_BROWSER
cargo build --quiet
herdbook=$root/target/debug/herdbook
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HERDBOOK_HOME="$work/home" LOOK_MODULES="$work/node"
mkdir -p "$out" "$LOOK_MODULES"
(cd "$LOOK_MODULES" && npm install --silent --no-audit --no-fund playwright-core)
cp -r fixtures/demo "$work/demo"

# NAME LINEAGE_FILE MODEL: the verdict may be any.
report() {
    [ -d "$work/$1.ledger" ] || "$herdbook" --quiet init "$work/$1.ledger" --origin "example.org/$1" >/dev/null
    "$herdbook" --quiet --ledger "$work/$1.ledger" register "$2" >/dev/null
    "$herdbook" --quiet --ledger "$work/$1.ledger" report "$3" -o "$work/$1.$3" || [ $? -ge 20 ]
}

digest() { printf '%s' "$1" | sha256sum | cut -c1-64; }

# A hundred steps that share teachers, a prompt and a filter, and a source of a thousand files.
big() {
    echo 'herdbook: 1'
    echo 'sources:'
    echo '  - {name: crawl, made_by: unknown, acquired_by: web_crawl, personal_data: not_known, digests: ['
    for i in $(seq 1000); do echo "      {name: part-$i.jsonl, sha256: \"$(digest "p$i")\", rows: 10},"; done
    echo '    ]}'
    echo 'models: [{name: teacher, provider: Example AI, version: "1", access: api}]'
    echo 'prompts: [{name: prompt, content: not_known}]'
    echo 'filters: [{name: repeats, rule: dedup}]'
    echo 'runs:'
    used=''
    for i in $(seq 50); do
        echo "  - {name: write-$i, does: generate, inputs: [{use: teacher, as: generator}, {use: prompt, as: prompt}],"
        echo "     outputs: [{name: raw-$i, kind: shard, digests: [{name: r, sha256: \"$(digest "r$i")\", rows: 9}]}]}"
        echo "  - {name: sift-$i, does: filter, inputs: [{use: raw-$i, as: data, rows: 9}, {use: repeats, as: filter}],"
        echo "     outputs: [{name: kept-$i, kind: shard, digests: [{name: k, sha256: \"$(digest "k$i")\", rows: 8}]}]}"
        used="$used{use: kept-$i, as: data}, "
    done
    echo "  - {name: train, does: train, inputs: [$used{use: crawl, as: data}],"
    echo '     outputs: [{name: big, kind: model, content: not_known}]}'
}

# Names that try to be markup, names that are long, and more gaps than anybody reads.
hostile() {
    long=$(printf 'm%.0s' $(seq 190))
    echo 'herdbook: 1'
    echo "models: [{name: $long, provider: \"<script>alert(1)</script> $long\", version: '1', access: api, alias: true}]"
    echo 'runs:'
    echo '  - name: "<img src=x onerror=alert(1)>"'
    echo '    does: generate'
    echo '    inputs:'
    echo "      - {use: $long, as: generator}"
    for i in $(seq 400); do echo "      - {unresolved: \"gap $i <b>bold</b>\", as: seed}"; done
    echo '    outputs: [{name: "<svg onload=alert(1)>", kind: shard, content: not_known, rows: 5}]'
    echo '  - name: train'
    echo '    does: train'
    echo '    inputs: [{use: "<svg onload=alert(1)>", as: data}]'
    echo '    outputs: [{name: hostile, kind: model, content: not_known}]'
}

big >"$work/big.yaml"
hostile >"$work/hostile.yaml"
report garden "$work/demo/lineage.yaml" garden-helper
report garden "$work/demo/undeclared.yaml" garden-seller
report alpaca fixtures/alpaca/lineage.yaml alpaca-7b
report big "$work/big.yaml" big
report hostile "$work/hostile.yaml" hostile

status=0
for page in garden.garden-helper garden.garden-seller alpaca.alpaca-7b big.big hostile.hostile; do
    cp "$work/$page/report.html" "$out/$page.html"
    node tests/look.mjs "$out/$page.html" "$out/$page" || status=1
done
echo "look at $out"
exit $status
