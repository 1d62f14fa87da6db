#!/usr/bin/env bash
# The crash tests with more seeds: EFFORT=N times as many points as in make test (default 10), compiled for speed. Prints
# how many points each test tried, and what failed.
# shellcheck source=.ci/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

cd "$ROOT"
fetch_crates
export CRASH_EFFORT=${EFFORT:-10}
exec cargo test --locked --release --test crash -- --nocapture
