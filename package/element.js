// <glassbase-lab> from the package: importing this defines the element.
import * as program from './glassbase_core.js';
import { define } from './lab-element.js';
import { styles } from './styles.js';
import { ready } from './web.js';

let source;

/** Says where glassbase_core_bg.wasm is, where a bundler has put it elsewhere; before the first lab comes into sight. */
export function wasmFrom(address) {
  source = address;
}

define(async () => {
  await ready(source);
  return { program, styles };
});
