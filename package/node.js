// In Node the program is read from beside this file, at once.
import { readFileSync } from 'node:fs';
import { initSync } from './glassbase_core.js';

initSync({ module: readFileSync(new URL('./glassbase_core_bg.wasm', import.meta.url)) });

/** There to be awaited as in a browser. */
export async function ready() {}

export * from './glassbase_core.js';
export { trace } from './trace.js';
