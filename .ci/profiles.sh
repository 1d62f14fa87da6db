#!/usr/bin/env bash
# Compares release profiles: builds the page and the engine at several optimisation levels and measures size, engine
# speed and frame time of each. Takes about ten minutes. The result stands in ARCHITECTURE.md.
# shellcheck source=.ci/build.sh
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

cd "$ROOT"
need_for_page
need_chromium
work=$ROOT/target/profiles
rm -rf "$work/checkout"
mkdir -p "$work/checkout"
git ls-files -z | xargs -0 cp --parents -t "$work/checkout"
ln -s "$E2E/node_modules" "$work/checkout/tests/e2e/node_modules"
export CARGO_TARGET_DIR=$work/target

# The level of the page's package and of what it depends on, and the level of the engine.
for pair in z,z s,s 3,3 z,3 z,s; do
  page=${pair%,*} engine=${pair#*,}
  quoted() { case $1 in [0-9]) echo "$1" ;; *) echo "\"$1\"" ;; esac; }
  sed -e "/^\[profile.release\]/,/^\[/ s/^opt-level = .*/opt-level = $(quoted "$page")/" \
    -e "/^\[profile.release.package/ { n; s/^opt-level = .*/opt-level = $(quoted "$engine")/; }" \
    "$ROOT/Cargo.toml" >"$work/checkout/Cargo.toml"
  (
    cd "$work/checkout"
    CARGO_ENCODED_RUSTFLAGS=$(page_rustflags) trunk build --release --offline --locked >"$work/build.log" 2>&1
    BENCH_ROUNDS=2 node tests/e2e/bench.mjs storage page >"$work/$page-$engine.txt" 2>&1
    cp target/bench.json "$work/$page-$engine.json"
  ) || die "the profile $pair could not be measured (log: target/profiles/)."
  say "page $page, engine $engine: measured."
done
node - "$work" <<'JS'
const { readdirSync, readFileSync } = require('node:fs');
const dir = process.argv[2];
console.log('| page | engine | compressed | random insert | point get | frame, shapes | frame, million |');
console.log('|---|---|---|---|---|---|---|');
for (const file of readdirSync(dir).filter((name) => name.endsWith('.json'))) {
  const [page, engine] = file.replace('.json', '').split('-');
  const rows = Object.fromEntries(JSON.parse(readFileSync(`${dir}/${file}`)).map((row) => [row.id, row.ours]));
  const million = (id) => `${(rows[id] / 1e6).toFixed(2)} M/s`;
  const ms = (id) => `${rows[id].toFixed(1)} ms`;
  console.log(`| ${page} | ${engine} | ${Math.round(rows['page-size'])} KB | ${million('inside-random-insert')} | ${million('inside-point-get')} | ${ms('frames-shapes')} | ${ms('frames-million')} |`);
}
JS
