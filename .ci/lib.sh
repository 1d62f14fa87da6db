# Shared by the scripts beside it: where things are, how they speak, which toolchain serves.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
E2E=$ROOT/tests/e2e
CARGO_BIN=${CARGO_HOME:-$HOME/.cargo}/bin

# Tools that set-up installs go first, so that a different version elsewhere on PATH does not win.
PATH=$CARGO_BIN:$E2E/node_modules/.bin:$PATH
export PATH

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() { warn "glassbase: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# wasm-bindgen's command must be of exactly the version of the crate that the page is linked with.
wasm_bindgen_version() {
  awk '$1 == "name" && $3 == "\"wasm-bindgen\"" { found = 1; next }
       found && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' "$ROOT/Cargo.lock"
}

# run_logged WHAT LOG COMMAND...: one line that says what is done and, when it is done, for how long.
run_logged() {
  local what=$1 log=$2 start=$SECONDS
  shift 2
  mkdir -p "$(dirname "$log")"
  printf '%s... ' "$what"
  if "$@" >"$log" 2>&1 </dev/null; then
    printf 'done in %d s\n' $((SECONDS - start))
  else
    printf 'failed after %d s\n' $((SECONDS - start))
    tail -n 15 "$log" >&2
    return 1
  fi
}

# Chooses the toolchain that has a wasm32 standard library; changes the environment only, installs nothing.
# GLASSBASE_WASM=debian insists on Debian's compiler, GLASSBASE_WASM=rustup on rustup's.
has_wasm_std() { # has_wasm_std SYSROOT
  compgen -G "$1/lib/rustlib/wasm32-unknown-unknown/lib/libstd-*.rlib" >/dev/null &&
    compgen -G "$1/lib/rustlib/wasm32-unknown-unknown/lib/libtest-*.rlib" >/dev/null
}

use_debian_toolchain() {
  export GLASSBASE_TOOLCHAIN=debian
  if have rustup; then
    export RUSTUP_TOOLCHAIN=debian
  else
    PATH=/usr/bin:$PATH
  fi
}

find_wasm_toolchain() {
  if [ "${GLASSBASE_WASM:-}" != debian ] && have rustc && has_wasm_std "$(rustc --print sysroot 2>/dev/null)"; then
    return 0
  fi
  [ "${GLASSBASE_WASM:-}" != rustup ] || return 1
  [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && have rust-lld &&
    has_wasm_std "$(/usr/bin/rustc --print sysroot)" || return 1
  if have rustup && ! rustup toolchain list 2>/dev/null | grep -q '^debian\b'; then
    rustup toolchain link debian /usr >/dev/null 2>&1 || return 1
  fi
  use_debian_toolchain
}

find_chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && have "$name"; then
      CHROMIUM=$(command -v "$name")
      export CHROMIUM
      return 0
    fi
  done
  return 1
}

# A Firefox that speaks WebDriver BiDi itself, as all of today do.
find_firefox() {
  local name
  for name in "${FIREFOX:-}" firefox-esr firefox; do
    if [ -n "$name" ] && have "$name"; then
      FIREFOX=$(command -v "$name")
      export FIREFOX
      return 0
    fi
  done
  return 1
}

find_chromedriver() {
  local name
  for name in "${CHROMEDRIVER:-}" chromedriver; do
    if [ -n "$name" ] && have "$name"; then
      CHROMEDRIVER=$(command -v "$name")
      export CHROMEDRIVER
      return 0
    fi
  done
  return 1
}
