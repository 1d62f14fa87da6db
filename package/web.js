// In a browser the program is fetched once, from beside this file or from where `ready` is told.
import init from './glassbase_core.js';

let loaded;

/** To be awaited before all else. `wasm`: the address of glassbase_core_bg.wasm, where a bundler has put it elsewhere. */
export async function ready(wasm) {
  loaded ??= init(wasm === undefined ? undefined : { module_or_path: wasm });
  try {
    await loaded;
  } catch (error) {
    // What could not be fetched once may be there the next time.
    loaded = undefined;
    throw error;
  }
}

export * from './glassbase_core.js';
export { trace } from './trace.js';
