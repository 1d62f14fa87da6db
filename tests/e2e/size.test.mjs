// What a first visit loads, compressed, against its budget. The goal is 220 KB with Brotli.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

// What was reached, and 2 % for the next change. Lower it when the page gets smaller; raising it takes a reason. The last:
// doors with a past, runs that outlive a reload, verdicts as a run goes on, and the faults of the stack.
const BUDGET = { brotli: 1_259_000, gzip: 1_641_000 };

const compress = {
  brotli: (bytes) => brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }),
  gzip: (bytes) => gzipSync(bytes, { level: 9 }),
};

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
// What other people's pages load of it, a first visit to this one does not.
const ELSEWHERE = /^(glassbase-lab|lab-element|embed-messages|course)\.(js|css|html)$/;
const files = readdirSync(dist).filter((name) => !ELSEWHERE.test(name)).map((name) => readFileSync(dist + name));

for (const [name, budget] of Object.entries(BUDGET)) {
  test(`the page fits its budget (${name})`, () => {
    const total = files.reduce((sum, bytes) => sum + compress[name](bytes).length, 0);
    console.log(`${name}: ${total} of ${budget} bytes`);
    assert.ok(total <= budget, `the page takes ${total} bytes, its budget is ${budget}`);
  });
}
