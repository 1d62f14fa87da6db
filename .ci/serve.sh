#!/usr/bin/env bash
# Builds the site and serves it on this machine only. PORT chooses another port.
# shellcheck source=.ci/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

cd "$ROOT"
need_for_page
run_logged "Building the page in release" "$ROOT/target/setup-logs/build.log" build_site ||
  die "the page could not be built (log: target/setup-logs/build.log)."
report_size
exec node "$E2E/serve.mjs" --dir dist --port "${PORT:-8080}"
