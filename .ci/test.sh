#!/usr/bin/env bash
# Every check of the project, one line per stage, and the total at the end. A failing stage does not stop the later ones.
# STAGES="native e2e" runs only those.
# shellcheck source=.ci/package.sh
. "$(dirname "${BASH_SOURCE[0]}")/package.sh"

LOGS=$ROOT/target/test-logs
total_passed=0
total_failed=0

# Each counter reads a log and prints "passed failed".

# libtest and wasm-bindgen's runner end with: test result: ok. 3 passed; 0 failed; ...
count_test_results() {
  awk '/test result:/ {
         for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1) }
       }
       END { print p + 0, f + 0 }' "$1"
}

# node's runner ends with lines as: # pass 3
count_node() {
  awk '/^# pass [0-9]+$/ { p += $3 } /^# (fail|cancelled) [0-9]+$/ { f += $3 } END { print p + 0, f + 0 }' "$1"
}

# A check without parts, such as the format check, is one.
count_one() { if [ "$2" = 0 ]; then echo 1 0; else echo 0 1; fi; }

# stage ID NAME COUNTER COMMAND...
stage() {
  local id=$1 name=$2 counter=$3 log=$LOGS/$1.log start=$SECONDS status=0 passed failed verdict=
  shift 3
  case " ${STAGES:-$id} " in *" $id "*) ;; *) return 0 ;; esac
  # On a terminal the stage shows at once, and is overwritten by its result.
  [ ! -t 1 ] || printf '  %-28s running...\r' "$name"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  read -r passed failed < <("$counter" "$log" "$status")
  if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
    # Nothing was counted as failed and yet the command did: it did not compile, crashed or ran out of time.
    failed=1
    verdict="  (exit status $status)"
  elif [ $((passed + failed)) = 0 ]; then
    failed=1
    verdict="  (ran nothing)"
  fi
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  printf '  %-28s %5d passed, %d failed %5d s%s\n' "$name" "$passed" "$failed" $((SECONDS - start)) "$verdict"
  if [ "$failed" != 0 ]; then
    # What failed may be far above the end when a stage goes on after a failure.
    grep -E '^(test .* (FAILED|FAIL)$|not ok |    not ok |error(\[|:)|thread .* panicked at)' "$log" | head -n 20 | sed 's/^/  ! /' || true
    say "  --- the end of target/test-logs/$id.log"
    tail -n "${TAIL:-40}" "$log" | sed 's/^/  | /'
    say "  ---"
  fi
}

format_check() { "${FORMAT[@]}" -- --check; }

# The benchmarks beside peers are built by no test; here at least they are checked.
clippy_native() {
  fetch_crates &&
    cargo clippy --locked --workspace --all-targets -- -D warnings &&
    cargo clippy --locked -p glassbase-bench-native --features peers -- -D warnings
}

clippy_wasm() {
  local tests=()
  ! compgen -G "tests/browser*.rs" >/dev/null || tests=(--test 'browser*')
  # The page is built without the JavaScript interface, which is checked here too.
  cargo clippy --locked --workspace --lib --bins --target wasm32-unknown-unknown -- -D warnings &&
    cargo clippy --locked --lib "${tests[@]}" --features js --target wasm32-unknown-unknown -- -D warnings
}

# `--tests` is all but documentation tests, of which there are none (tests/house.rs).
native_tests() { cargo test --locked --workspace --tests --no-fail-fast; }

# Dask and GNU parallel with two workers each: left out of a plain `cargo test`.
sweep_tests() { cargo test --locked --test sweep_workers -- --ignored; }

# The whole of a test binary's run counts against this limit, and a debug build is slow.
export WASM_BINDGEN_TEST_TIMEOUT=${WASM_BINDGEN_TEST_TIMEOUT:-600}

# Only tests/browser*.rs run in a browser. wasm-pack compiles the other test files for wasm32 too, so a native one
# begins with #![cfg(not(target_arch = "wasm32"))]. `no-install` keeps wasm-pack from downloading what set-up got.
# One call per file, because wasm-pack has no way to go on after a file that failed.
browser_tests() {
  local file status=0
  for file in tests/browser*.rs; do
    [ -f "$file" ] || { say "There is no tests/browser*.rs."; return 1; }
    timeout 900 wasm-pack test --headless --chrome --chromedriver "$CHROMEDRIVER" --mode no-install \
      -- --locked --features js --test "$(basename "$file" .rs)" || status=$?
  done
  return "$status"
}

# As quickly as it can be built: what is in it is tried, not how fast it is.
package_build() { PROFILE=dev build_package; }

# A page left from an earlier build must not pass for this one.
site_build() { rm -rf dist && build_site; }

e2e_tests() {
  [ -f dist/index.html ] || { say "dist/ holds no page: its build failed or was left out; run 'make build'."; return 1; }
  local file status=0 files=("$E2E"/presets*.test.mjs)
  for file in "$E2E"/*.test.mjs; do
    case ${file##*/} in presets* | pace.test.mjs) ;; *) files+=("$file") ;; esac
  done
  # Two files at a time, the longest first: each mostly waits for its browser. What is held against the clock is run alone.
  timeout 1500 node --test --test-concurrency=2 --test-reporter=tap "${files[@]}" || status=$?
  timeout 300 node --test --test-reporter=tap "$E2E/pace.test.mjs" || status=$?
  return "$status"
}

cd "$ROOT"
mkdir -p "$LOGS"
need_for_tests
say "Running the checks (logs: target/test-logs/)"
stage format "format" count_one format_check
stage clippy "clippy, native" count_one clippy_native
stage clippy-wasm "clippy, wasm32" count_one clippy_wasm
stage native "native tests" count_test_results native_tests
stage sweep "sweeps over workers" count_test_results sweep_tests
stage browser "headless browser tests" count_test_results browser_tests
stage site "release build of the page" count_one site_build
stage package "npm package" count_one package_build
stage e2e "end-to-end tests" count_node e2e_tests
say "Everything took $SECONDS s."
say "$total_passed passed, $total_failed failed"
[ "$total_failed" = 0 ]
