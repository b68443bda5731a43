#!/usr/bin/env bash
# Runs every check and test; the first that fails ends the run. The last line is pytest's summary.
set -euo pipefail
bin=$1

step() { printf '\n== %s\n' "$*"; }

step "format and lint"; "$bin/ruff" format --check . && "$bin/ruff" check .
step "types"; "$bin/mypy"
step "direction of imports"; "$bin/lint-imports" --no-cache
step "JavaScript units"; node --test tests/js/*.test.mjs
step "Python units, storage, browser"; "$bin/python" -m pytest -n 2 tests
