#!/usr/bin/env bash
# Raft in more storms and every lab in more random scripts: EFFORT=N times as many as in make test (default 10), compiled
# for speed; the scripts with new seeds. Prints what was tried, and of the first failing seed a short script for the lab.
# shellcheck source=.ci/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

cd "$ROOT"
fetch_crates
export STORM_EFFORT=${EFFORT:-10} RANDOM_EFFORT=${EFFORT:-10}
exec cargo test --locked --release --no-fail-fast \
    --test storms --test random_scripts --test pages_scripts --test bad_input -- --nocapture
