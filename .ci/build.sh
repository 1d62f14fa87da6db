#!/usr/bin/env bash
# Builds the static site into dist/. It can be served from any path, by any web server.
# shellcheck source=.ci/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

fetch_crates() {
  cargo fetch --locked || {
    say "Either Cargo.lock does not match Cargo.toml (then run 'cargo check' and commit Cargo.lock), or the network is down."
    return 1
  }
}

build_site() {
  # Trunk would fetch tools by itself; set-up got them, and --offline makes sure that these are the ones used.
  # That also forbids cargo the network, so the crates are fetched before.
  fetch_crates &&
    NO_COLOR=true trunk build --release --offline --locked
}

report_size() {
  local wasm
  for wasm in "$ROOT"/dist/*.wasm; do
    say "dist/$(basename "$wasm"): $(wc -c <"$wasm") bytes, $(gzip -9c "$wasm" | wc -c) compressed."
  done
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  cd "$ROOT"
  need_for_page
  run_logged "Building the page in release" "$ROOT/target/setup-logs/build.log" build_site ||
    die "the page could not be built (log: target/setup-logs/build.log)."
  report_size
fi
