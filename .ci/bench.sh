#!/usr/bin/env bash
# Measures the engine natively and in Chromium, the page and the package; tests/e2e/bench.mjs says what and beside whom.
# shellcheck source=.ci/package.sh
. "$(dirname "${BASH_SOURCE[0]}")/package.sh"

cd "$ROOT"
need_for_package
need_chromium
run_logged "Building the page in release" "$ROOT/target/setup-logs/build.log" build_site ||
  die "the page could not be built (log: target/setup-logs/build.log)."
run_logged "Building the npm package in release" "$ROOT/target/setup-logs/package.log" build_package ||
  die "the npm package could not be built (log: target/setup-logs/package.log)."
# Those flags were the package's; what is compiled from here on has its own.
unset CARGO_ENCODED_RUSTFLAGS
exec node "$E2E/bench.mjs"
