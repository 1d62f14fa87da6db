#!/usr/bin/env bash
# Measures: the native benchmark, if there is one, and the one in the browser.
# shellcheck source=.ci/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

cd "$ROOT"
need_for_page
need_chromium
run_logged "Building the page in release" "$ROOT/target/setup-logs/build.log" build_site ||
  die "the page could not be built (log: target/setup-logs/build.log)."
ran=
if compgen -G "benches/*.rs" >/dev/null; then
  cargo bench --locked
  ran=yes
fi
if [ -f "$E2E/bench.mjs" ]; then
  node "$E2E/bench.mjs"
  ran=yes
fi
[ -n "$ran" ] || die "there is no benchmark yet: neither benches/*.rs nor tests/e2e/bench.mjs."
