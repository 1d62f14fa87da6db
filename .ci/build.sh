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

# A panic says where it happened, so the wasm holds the paths of its sources. What depends on the machine is cut off:
# the page is the same wherever it is built, and smaller. The variable parts its flags by the unit separator, so that
# paths may hold blanks.
page_rustflags() {
  local sysroot commit registry
  sysroot=$(rustc --print sysroot)
  commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
  for registry in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
    printf -- '--remap-path-prefix=%s=\x1f' "${registry%/}"
  done
  # Where the library's source is installed its paths are the installed ones, elsewhere they are these.
  printf -- '--remap-path-prefix=%s\x1f' "$sysroot/lib/rustlib/src/rust=/rustc/$commit"
  printf -- '--remap-path-prefix=%s' "$ROOT="
}

build_site() {
  # Trunk would fetch tools by itself; set-up got them, and --offline makes sure that these are the ones used.
  # That also forbids cargo the network, so the crates are fetched before.
  fetch_crates &&
    CARGO_ENCODED_RUSTFLAGS=$(page_rustflags) NO_COLOR=true trunk build --release --offline --locked
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
