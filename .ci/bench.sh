#!/usr/bin/env bash
# Measures the engine natively and in Chromium, and the page; tests/e2e/bench.mjs says what and beside whom.
# shellcheck source=.ci/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

cd "$ROOT"
need_for_page
need_chromium
run_logged "Building the page in release" "$ROOT/target/setup-logs/build.log" build_site ||
  die "the page could not be built (log: target/setup-logs/build.log)."
exec node "$E2E/bench.mjs"
