#!/usr/bin/env bash
# Works the pedigrees of the seven pipelines out from the definitions, in Python and with nothing but its standard library, and
# compares. Needs Python 3.11 or newer, and a built program (HERDBOOK names it; by default the debug binary).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export HERDBOOK=${HERDBOOK:-${CARGO_TARGET_DIR:-$PWD/../../target}/debug/herdbook}
export PYTHONDONTWRITEBYTECODE=1
[ -x "$HERDBOOK" ] || { printf '%s is not there; build it with: cargo build\n' "$HERDBOOK" >&2; exit 1; }
python3 -m unittest discover --start-directory . --pattern 'test_*.py' "$@"
