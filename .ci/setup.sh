# Gets what is missing, and nothing else: `need_for_page` for a build, `need_for_tests` for all that the tests use.
# Sourced, because it also chooses the toolchain for the commands that follow.
# shellcheck shell=bash
# shellcheck source=.ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SETUP_LOGS=$ROOT/target/setup-logs

# wasm-bindgen's version follows Cargo.lock; wasm-opt's is in tests/e2e/package.json and in Trunk.toml.
TRUNK_VERSION=0.21.14
WASM_PACK_VERSION=0.15.1

# Some steps write to the system. Root does it at once, others through sudo if that asks for no password.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 126
  fi
}

can_be_root() { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }

apt_updated=
apt_get() { # apt_get WHY PACKAGE...
  local why=$1
  shift
  have apt-get || die "$why is missing and this is not a Debian-like system; install it by hand (Debian calls it: $*) and run this again."
  can_be_root || die "$why is missing and installing it takes root; run: sudo apt-get install $*"
  if [ -z "$apt_updated" ]; then
    run_logged "Refreshing the list of Debian packages" "$SETUP_LOGS/apt-update.log" as_root apt-get update -q ||
      warn "The list of packages could not be refreshed; trying with the one at hand."
    apt_updated=yes
  fi
  run_logged "$why is missing: installing $*" "$SETUP_LOGS/apt-$1.log" \
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" ||
    die "apt-get could not install $*; check the network and the package sources, then run this again (log: target/setup-logs/apt-$1.log)."
}

# The oldest compiler that the packages accept is written down in Cargo.toml.
rust_is_new_enough() {
  local wanted got
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")
  got=$(rustc --version 2>/dev/null | awk '{ print $2 }') || return 1
  [ -n "$got" ] && [ "$(printf '%s\n%s\n' "$wanted" "${got%%-*}" | sort -V | head -n 1)" = "$wanted" ]
}

need_c_compiler() {
  have cc || apt_get "A C compiler" gcc libc6-dev
}

need_rust() {
  if have rustup && rustup toolchain list 2>/dev/null | grep -q '^no installed'; then
    run_logged "rustup has no toolchain: installing stable" "$SETUP_LOGS/rustup-toolchain.log" \
      rustup toolchain install stable --profile default ||
      die "rustup could not download a toolchain; check the network, then run: rustup toolchain install stable"
  fi
  if ! have cargo || ! rust_is_new_enough; then
    if have rustup; then
      die "the selected Rust toolchain is older than Cargo.toml asks for; run: rustup update stable"
    fi
    apt_get "Rust" rustc-web cargo-web
    hash -r
    rust_is_new_enough ||
      die "Debian's rustc-web is too old here; install Rust from https://rustup.rs and run this again."
  fi
}

# Debian ships the compiler and the library's source but no library for wasm32, so it is built from that source.
# It goes into the compiler's own directory, where cargo, clippy, Trunk and wasm-pack all find it.
build_wasm_std() {
  local scratch=$ROOT/target/wasm-std lib
  lib=$(/usr/bin/rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib
  rm -rf "$scratch"
  mkdir -p "$scratch/src"
  printf '[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$scratch/Cargo.toml"
  : >"$scratch/src/lib.rs"
  # The bitcode is what fat LTO needs; `test` is what the headless browser tests link.
  (cd "$scratch" && env -u RUSTUP_TOOLCHAIN PATH="/usr/bin:$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
    RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$scratch/target" /usr/bin/cargo build --release \
    -Zbuild-std=std,test,panic_abort --target wasm32-unknown-unknown) || return 1
  rm -f "$scratch"/target/wasm32-unknown-unknown/release/deps/libscratch-*.rlib
  as_root mkdir -p "$lib" && as_root cp "$scratch"/target/wasm32-unknown-unknown/release/deps/*.rlib "$lib/" || return 1
  rm -rf "$scratch"
}

need_wasm_std_from_debian() {
  local missing=() package
  for package in rustc-web cargo-web rust-web-src rust-web-clippy lld-22; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] || apt_get "Debian's Rust for WebAssembly" "${missing[@]}"
  can_be_root || die "the wasm32 standard library is missing and putting it below /usr takes root; run this once with sudo."
  if ! have rust-lld; then
    as_root ln -sf /usr/bin/lld-22 /usr/local/bin/rust-lld
    have rust-lld || as_root ln -sf /usr/bin/lld-22 /usr/bin/rust-lld
  fi
  if ! has_wasm_std "$(/usr/bin/rustc --print sysroot)"; then
    run_logged "The wasm32 standard library is missing: building it from Debian's source (about 1 min)" \
      "$SETUP_LOGS/wasm-std.log" build_wasm_std ||
      die "the wasm32 standard library could not be built (log: target/setup-logs/wasm-std.log); with rustup and a network, 'rustup target add wasm32-unknown-unknown' gets it ready-made."
  fi
}

need_wasm_std() {
  find_wasm_toolchain && return 0
  if [ "${GLASSBASE_WASM:-}" = rustup ] && ! have rustup; then
    die "GLASSBASE_WASM=rustup asks for rustup, which is not here; install it from https://rustup.rs or leave the variable out."
  fi
  if [ "${GLASSBASE_WASM:-}" != debian ] && have rustup; then
    if run_logged "The wasm32 standard library is missing: asking rustup for it" "$SETUP_LOGS/rustup-target.log" \
      env RUST_BACKTRACE=0 rustup target add wasm32-unknown-unknown && find_wasm_toolchain; then
      return 0
    fi
    [ "${GLASSBASE_WASM:-}" != rustup ] ||
      die "rustup could not get the wasm32 standard library; check the network, then run: rustup target add wasm32-unknown-unknown"
    say "rustup cannot get it here; taking Debian's compiler and library source instead."
  fi
  have apt-get ||
    die "the wasm32 standard library cannot be had here; with a network, run: rustup target add wasm32-unknown-unknown"
  need_wasm_std_from_debian
  find_wasm_toolchain || die "the wasm32 standard library was built but the compiler does not find it; see .ci/lib.sh."
  say "Using Debian's Rust toolchain ($(/usr/bin/rustc --version))."
}

# cargo_tool NAME VERSION CRATE MINUTES [FLAG...]: builds a command from source when its version is not the one wanted.
cargo_tool() {
  local name=$1 version=$2 crate=$3 minutes=$4 got
  shift 4
  got=$("$name" --version 2>/dev/null | awk '{ print $2; exit }') || true
  [ "$got" != "$version" ] || return 0
  need_c_compiler
  # These tools run for moments and are compiled for minutes, so they are compiled for a quick build. Their target
  # directory outlives an interruption, and goes away once they are installed.
  run_logged "$name $version is ${got:+here only as $got}${got:-missing}: building it from source (about $minutes min)" \
    "$SETUP_LOGS/$crate.log" \
    env CARGO_TARGET_DIR="$ROOT/target/tools" CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_INCREMENTAL=0 \
    cargo install "$crate" --version "$version" --force "$@" ||
    die "$name $version could not be built; check the network, then run: cargo install $crate --version $version"
  rm -rf "$ROOT/target/tools"
  hash -r
}

need_node() {
  if ! have node || ! have npm; then
    apt_get "Node.js with npm" nodejs npm
    hash -r
  fi
}

# The lock file's checksum is kept beside what was installed from it, so an unchanged one costs nothing.
need_npm_packages() {
  local stamp=$E2E/node_modules/.installed-from sum
  sum=$(cksum <"$E2E/package-lock.json")
  [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ] || return 0
  need_node
  run_logged "npm packages are missing or not those of the lock file: installing them" "$SETUP_LOGS/npm.log" \
    npm --prefix "$E2E" ci --no-audit --no-fund ||
    die "npm could not install the packages of tests/e2e; check the network, then run: npm --prefix tests/e2e ci"
  printf '%s\n' "$sum" >"$stamp"
}

need_chromium() {
  local missing=()
  find_chromium || missing+=(chromium)
  find_chromedriver || missing+=(chromium-driver)
  [ ${#missing[@]} = 0 ] && return 0
  apt_get "Chromium or its driver" "${missing[@]}"
  hash -r
  find_chromium || die "no Chromium was found; set CHROMIUM to the path of one."
  find_chromedriver || die "no ChromeDriver was found; set CHROMEDRIVER to the path of one."
}

# The smoke test runs in Firefox too where there is one. All else can do without, so nothing ends here.
need_firefox() {
  find_firefox && return 0
  if have apt-get && can_be_root; then
    (apt_get "Firefox" firefox-esr) || true
    hash -r
    find_firefox && return 0
  fi
  say "There is no Firefox here and it could not be had: the smoke test runs in Chromium alone."
}

# Debian's list of American words: real input for the tests of the import.
need_word_list() {
  [ -r /usr/share/dict/american-english ] || apt_get "Debian's word list" wamerican
}

# rustfmt of any toolchain serves; FORMAT is the command that formats the workspace, for test.sh.
# shellcheck disable=SC2034
need_rustfmt() {
  local toolchain
  FORMAT=(cargo fmt --all)
  cargo fmt --version >/dev/null 2>&1 && return 0
  if have rustup; then
    for toolchain in $(rustup toolchain list 2>/dev/null | awk '{ print $1 }'); do
      if [ "$toolchain" != debian ] && rustup run "$toolchain" cargo fmt --version >/dev/null 2>&1; then
        FORMAT=(env "RUSTUP_TOOLCHAIN=$toolchain" cargo fmt --all)
        return 0
      fi
    done
    run_logged "rustfmt is missing: asking rustup for it" "$SETUP_LOGS/rustfmt.log" \
      env -u RUSTUP_TOOLCHAIN rustup component add rustfmt ||
      die "rustup could not get rustfmt; check the network, then run: rustup component add rustfmt"
    FORMAT=(env -u RUSTUP_TOOLCHAIN cargo fmt --all)
  else
    apt_get "rustfmt" rustfmt-web
  fi
}

need_clippy() {
  cargo clippy --version >/dev/null 2>&1 && return 0
  if [ "${GLASSBASE_TOOLCHAIN:-}" = debian ] || ! have rustup; then
    apt_get "clippy" rust-web-clippy
  else
    run_logged "clippy is missing: asking rustup for it" "$SETUP_LOGS/clippy.log" rustup component add clippy ||
      die "rustup could not get clippy; check the network, then run: rustup component add clippy"
  fi
}

need_for_page() {
  local bindgen
  bindgen=$(wasm_bindgen_version)
  [ -n "$bindgen" ] || die "Cargo.lock names no wasm-bindgen, so there is no page to build; add it to Cargo.toml and run 'cargo check'."
  need_rust
  need_wasm_std
  need_node
  need_npm_packages
  # Without --locked: the lock file it ships may name versions that the registry in use does not have.
  cargo_tool wasm-bindgen "$bindgen" wasm-bindgen-cli 2
  cargo_tool trunk "$TRUNK_VERSION" trunk 4 --locked
}

# What shares sweeps out in a test: Dask in a Python of its own below target/, and GNU parallel.
need_sweep_workers() {
  local venv=$ROOT/target/dask wanted sum
  wanted=$ROOT/tests/sweep/requirements.txt
  sum=$(cksum <"$wanted")
  if [ "$(cat "$venv/.installed-from" 2>/dev/null)" != "$sum" ] || ! "$venv/bin/python" -c 'import distributed' 2>/dev/null; then
    have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || apt_get "Python with venv" python3 python3-venv
    rm -rf "$venv"
    run_logged "Dask is missing or not the version that the tests use: installing it into target/dask" "$SETUP_LOGS/dask.log" \
      install_dask "$venv" "$wanted" ||
      die "Dask could not be installed; check the network, then run: python3 -m venv target/dask && target/dask/bin/pip install -r tests/sweep/requirements.txt"
    printf '%s\n' "$sum" >"$venv/.installed-from"
  fi
  # Another program has the same name (moreutils); only GNU's knows --version.
  parallel --version 2>/dev/null | grep -q '^GNU parallel' || apt_get "GNU parallel" parallel
}

install_dask() { python3 -m venv "$1" && "$1/bin/pip" install -q --disable-pip-version-check -r "$2"; }

need_for_package() {
  need_for_page
  cargo_tool wasm-pack "$WASM_PACK_VERSION" wasm-pack 2 --locked
}

need_for_tests() {
  need_for_package
  need_rustfmt
  need_clippy
  need_chromium
  need_firefox
  need_word_list
  need_sweep_workers
}
