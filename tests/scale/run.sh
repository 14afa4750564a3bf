#!/bin/sh
# Measures Herdbook at size, by hand: 100,000 shards of 1 KiB from files, and a million members by `digests_from`.
#
#   tests/scale/run.sh [shards|members|contested|all] [HERDBOOK]
#
# Prints time, peak memory and disk of each command. Nothing is asserted; figures of one machine stand in
# docs/contributing.md. SHARDS and MEMBERS set other numbers. Needs GNU time and python3, and 2 GB in TMPDIR.
set -eu

what=${1:-all}
here=$(cd "$(dirname "$0")/../.." && pwd)
herdbook=${2:-$here/target/release/herdbook}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Nothing of whoever runs this: neither keys nor pins nor a ledger above.
export HERDBOOK_HOME="$work/home"

# Runs a command and prints what it took; its own first line stands below.
measure() {
    label=$1
    shift
    /usr/bin/time -f '%e %U %M' -o "$work/time" "$@" > "$work/out" 2> "$work/err" || {
        echo "failed: $label" >&2
        cat "$work/err" >&2
        exit 1
    }
    read -r wall user memory < "$work/time"
    printf '%-34s %8s s wall %8s s user %6s MB\n' "$label" "$wall" "$user" $((memory / 1024))
    head -n 1 "$work/out" | cut -c 1-100 | sed 's/^/    /'
}

# Makes a fresh ledger for a case and goes into its folder.
begin() {
    cd "$work/$1"
    export HERDBOOK_LEDGER="$work/$1-ledger"
    measure "init" "$herdbook" init "$HERDBOOK_LEDGER" --origin "example.org/$1"
}

end() {
    printf '%-34s %8s MB on disk\n\n' "ledger" "$(du -sm "$HERDBOOK_LEDGER" | cut -f 1)"
}

shards() {
    python3 "$here/tests/scale/make.py" shards "$work/shards" "${SHARDS:-100000}"
    begin shards
    measure "register" "$herdbook" register lineage.yaml
    measure "register once more" "$herdbook" register lineage.yaml
    measure "verify model" "$herdbook" verify model
    measure "verify model --content" "$herdbook" verify model --content .
    measure "verify a shard by its path" "$herdbook" verify out/s0000007.jsonl
    measure "trace" "$herdbook" trace model
    measure "prove a shard" "$herdbook" prove shards/out/s0000007.jsonl -o - 
    measure "hash as a worker" "$herdbook" hash out -o "$work/part.ndjson"
    end
}

members() {
    python3 "$here/tests/scale/make.py" members "$work/members" "${MEMBERS:-1000000}"
    begin members
    measure "register" "$herdbook" register lineage.yaml
    measure "verify model" "$herdbook" verify model
    measure "verify one member by its digest" "$herdbook" verify \
        sha256:7902699be42c8a8e46fbbb4501726517e86b22c56a189f7625a6da49081b2451
    measure "trace" "$herdbook" trace model
    measure "show" "$herdbook" show shards
    measure "prove a member" "$herdbook" prove shards/data/s0000007.jsonl -o -
    measure "fsck" "$herdbook" fsck
    end
}

# The worst of its kind: every member is claimed twice, by a source and by a filter that keeps all of it.
contested() {
    python3 "$here/tests/scale/make.py" contested "$work/contested" "${MEMBERS:-1000000}"
    begin contested
    measure "register" "$herdbook" register lineage.yaml
    measure "verify model" "$herdbook" verify model
    end
}

case $what in
    shards | members | contested) "$what" ;;
    all) shards && members && contested ;;
    *) echo "write shards, members, contested or all" >&2 && exit 2 ;;
esac
