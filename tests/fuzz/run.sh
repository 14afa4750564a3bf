#!/usr/bin/env bash
# Runs every fuzz target, or those that are named: tests/fuzz/run.sh [-t SECONDS] [-j JOBS] [TARGET...]
# A target begins with its seeds in fixtures/fuzz/ and with what earlier runs found, in target/fuzz/corpus/. Prints executions,
# coverage and the outcome of each, and fails if one of them crashed; its input then stands in target/fuzz/artifacts/, and belongs
# into fixtures/fuzz/ once it is mended. Needs cargo-fuzz (cargo install cargo-fuzz) and a C++ compiler; the stable toolchain is enough.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=300 jobs=2
while getopts t:j: option; do
    case $option in
        t) seconds=$OPTARG ;;
        j) jobs=$OPTARG ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
if [ $# -eq 0 ]; then
    # A folder of seeds for each target: a test sees to that.
    set -- $(cd fixtures/fuzz && ls)
fi

export RUSTC_BOOTSTRAP=1
work=$PWD/target/fuzz
mkdir -p "$work/corpus" "$work/artifacts" "$work/logs"
cargo fuzz build --fuzz-dir tests/fuzz --target-dir "$work" --sanitizer none decoders
program=$(find "$work" -path '*/release/decoders' -type f | head -1)

# Runs one target and prints one line. Without -len_control=0 nothing may be longer than the longest seed for a long time.
run() {
    local name=$1 log=$work/logs/$1.txt status=ok
    mkdir -p "$work/corpus/$name" "$work/artifacts/$name"
    HERDBOOK_FUZZ_TARGET=$name nice -n 19 "$program" -max_total_time="$seconds" -len_control=0 -timeout=60 -rss_limit_mb=3072 \
        -print_final_stats=1 -artifact_prefix="$work/artifacts/$name/" \
        "$work/corpus/$name" "fixtures/fuzz/$name" >"$log" 2>&1 || status=CRASHED
    printf '%-16s %-8s executions %-9s %s\n' "$name" "$status" \
        "$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")" \
        "$(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$log" | tail -1)"
    [ "$status" = ok ]
}
export -f run
export work program seconds
# Files that targets are given lie in memory, where there is such a place.
if [ -d /dev/shm ]; then export TMPDIR=/dev/shm; fi
printf '%s\n' "$@" | xargs -P "$jobs" -I{} bash -c 'run {}'
