#!/usr/bin/env bash
# Builds the npm package into pkg/. PROFILE=dev builds it quickly, large and slow, for tests.
# shellcheck source=.ci/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

build_package() {
  local profile=${PROFILE:-release}
  rm -rf pkg
  fetch_crates || return 1
  # The paths of sources matter in what is published. Without the flags, tests share what other tests have compiled.
  [ "$profile" = dev ] || export CARGO_ENCODED_RUSTFLAGS=$(page_rustflags)
  wasm-pack build "--$profile" --target web --no-pack --mode no-install --out-dir pkg . -- --features js --locked &&
    node package/assemble.mjs
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  cd "$ROOT"
  need_for_package
  run_logged "Building the npm package" "$ROOT/target/setup-logs/package.log" build_package ||
    die "the npm package could not be built (log: target/setup-logs/package.log)."
  say "pkg/: $(cat pkg/*.wasm | wc -c) bytes of wasm, $(tar -cz -C pkg . | wc -c) packed. Publish it with: npm publish ./pkg --access public"
fi
