// Puts the npm package together in pkg/, around what wasm-pack has left there: doors for Node and browsers, the element, its
// styles as text, and package.json.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pkg = `${root}pkg/`;
const version = /^version = "(.+)"$/m.exec(readFileSync(`${root}Cargo.toml`, 'utf8'))[1];

for (const name of ['node.js', 'web.js', 'trace.js', 'element.js', 'index.d.ts', 'element.d.ts', 'README.md']) {
  copyFileSync(`${root}package/${name}`, pkg + name);
}
copyFileSync(`${root}www/lab-element.js`, `${pkg}lab-element.js`);
copyFileSync(`${root}src/js/records.js`, `${pkg}records.js`);
copyFileSync(`${root}LICENSE`, `${pkg}LICENSE`);
rmSync(`${pkg}.gitignore`, { force: true });

const sheets = ['page', 'panels', 'stage', 'plate'].map((name) => readFileSync(`${root}www/${name}.css`, 'utf8'));
writeFileSync(`${pkg}styles.js`, `// The style sheets of the page, as text.\nexport const styles = ${JSON.stringify(sheets)};\n`);

const door = (types, node, web) => ({ types, ...(node && { node }), default: web });
const manifest = {
  name: '@glassbase/core',
  version,
  description: 'A database behind glass: a storage engine and its clusters with every step recorded, and a lab for course pages.',
  license: 'MIT',
  type: 'module',
  types: './index.d.ts',
  exports: {
    '.': door('./index.d.ts', './node.js', './web.js'),
    './element': door('./element.d.ts', null, './element.js'),
    './records': './records.js',
    './glassbase_core_bg.wasm': './glassbase_core_bg.wasm',
    './package.json': './package.json',
  },
  sideEffects: ['./element.js', './node.js'],
  keywords: ['database', 'teaching', 'visualization', 'b-tree', 'raft', 'wasm', 'custom-element'],
};
writeFileSync(`${pkg}package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
