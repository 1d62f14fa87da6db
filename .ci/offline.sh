#!/usr/bin/env bash
# Trunk calls this when the page is built (Trunk.toml): writes the service worker, which has to know all files of the page and a
# version that changes with any of them.
set -euo pipefail
cd "$TRUNK_STAGING_DIR"
worker=$TRUNK_SOURCE_DIR/service-worker.js

hash_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

mapfile -d '' -t files < <(find . -type f ! -name service-worker.js ! -name '.*' -print0 | LC_ALL=C sort -z)
# The worker by its text alone: its path is another in each checkout.
version=$(hash_of "${files[@]}" - <"$worker" | hash_of - | cut -c1-16)
{
  printf 'const VERSION = "%s";\n' "$version"
  printf 'const FILES = ['
  # Names of files in a link, without what would end the text.
  printf '"%s", ' "${files[@]#./}" | sed 's/, $//'
  printf '];\n'
  cat "$worker"
} >service-worker.js
