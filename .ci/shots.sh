#!/usr/bin/env bash
# Takes the screenshots of the page.
# shellcheck source=.ci/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

cd "$ROOT"
[ -f "$E2E/screenshots.mjs" ] || die "tests/e2e/screenshots.mjs is not written yet, so there is nothing to take."
need_for_page
need_chromium
run_logged "Building the page in release" "$ROOT/target/setup-logs/build.log" build_site ||
  die "the page could not be built (log: target/setup-logs/build.log)."
exec node "$E2E/screenshots.mjs"
