#!/usr/bin/env bash
# Holds the program's files against implementations that share no code with it: the second verifier beside this file, and two
# libraries of the field. Needs Python 3.11 or newer, and a built program (HERDBOOK names it; by default the debug binary).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

target=${CARGO_TARGET_DIR:-$PWD/../../target}
export HERDBOOK=${HERDBOOK:-$target/debug/herdbook}
export PYTHONDONTWRITEBYTECODE=1
environment=$target/interop
[ -x "$HERDBOOK" ] || { printf '%s is not there; build it with: cargo build\n' "$HERDBOOK" >&2; exit 1; }

# Made anew when the requirements change. An index that cannot be reached says nothing about us, so it fails nothing; but nobody
# may take silence for agreement.
if ! cmp -s requirements.txt "$environment/installed"; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    if timeout 300 "$environment/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt; then
        cp requirements.txt "$environment/installed"
    fi
fi
if [ ! -f "$environment/installed" ]; then
    printf '\n!! NOTHING WAS COMPARED: the packages of requirements.txt cannot be had from here.\n'
    printf '!! Neither the second verifier nor the outside libraries were run. Run this where the packages can be had, before a\n'
    printf '!! release: tests/interop/run.sh\n\n'
    exit 0
fi
"$environment/bin/python" -m unittest discover --start-directory . --pattern 'test_*.py' "$@"
