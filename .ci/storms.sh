#!/usr/bin/env bash
# Raft in more storms: EFFORT=N times as many seeds as in make test (default 10), compiled for speed. Prints what was tried,
# and of the first failing seed a short script for the Raft lab.
# shellcheck source=.ci/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

cd "$ROOT"
fetch_crates
export STORM_EFFORT=${EFFORT:-10}
exec cargo test --locked --release --test storms -- --nocapture
