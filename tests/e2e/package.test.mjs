// The npm package as others would use it: installed in a folder, in Node, bundled by esbuild, and from a plain module script.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { start } from './harness.mjs';

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL('../../pkg/', import.meta.url));

let dir;
let core;
before(async () => {
  assert.ok(existsSync(join(PACKAGE, 'package.json')), 'pkg/ holds no package: run "make package" first');
  dir = await mkdtemp(join(tmpdir(), 'glassbase-package-'));
  await mkdir(join(dir, 'node_modules/@glassbase'), { recursive: true });
  await cp(PACKAGE, join(dir, 'node_modules/@glassbase/core'), { recursive: true });
  await writeFile(join(dir, 'package.json'), '{ "type": "module", "private": true }');
  await writeFile(join(dir, 'core.js'), "export * from '@glassbase/core';\n");
  core = await import(pathToFileURL(join(dir, 'core.js')).href);
});
after(() => rm(dir, { recursive: true, force: true }));

const SCRIPT = 'lab btree\nset order 4\ninsert 20\ninsert 10\ninsert ash\ninsert 30';

/** What every door must give, as text, so that it can be compared. */
const WORK = `
  const session = new Session(${JSON.stringify(SCRIPT)});
  while (session.step(1)) ;
  const view = session.view();
  const said = [...trace(session, 7)].map(({ event, caption }) => [event, caption]);
  let code = null;
  try { session.append('inset 1'); } catch (error) { code = [error instanceof Error, error.code, error.problems[0].column]; }
  const result = JSON.stringify({ hash: session.hash(), height: view.height, keys: view.pages.flatMap((page) => page.keys), said, code });
`;

function worked() {
  const { Session, trace } = core;
  return new Function('Session', 'trace', `${WORK} return result;`)(Session, trace);
}

test('in Node: a script drives a run', () => {
  const result = JSON.parse(worked());
  assert.equal(result.height, 2);
  assert.deepEqual(result.code, [true, 'syntax', 1]);
  assert.ok(result.said.some(([event]) => event === 'split-begun'));
  assert.ok(result.said.every(([, caption]) => typeof caption === 'string'));
});

test('every lab gives its views as plain objects, at any position', () => {
  const labs = core.labs();
  assert.ok(labs.length >= 15);
  for (const lab of labs) {
    const word = lab.name === 'btree' ? lab.presets[0].name : `${lab.name}/${lab.presets[0].name}`;
    const session = new core.Session(core.preset(word));
    session.check();
    session.run();
    assert.equal(session.lab, lab.name);
    for (const share of [0, 0.3, 1]) {
      // At 0 there is nothing yet: the first record is the engine as it stands at the start.
      const position = Math.floor(session.length * share);
      const view = session.view(position);
      assert.deepEqual([view.lab, view.position], [lab.name, position]);
      assert.equal(JSON.parse(JSON.stringify(view)).timeNs, view.timeNs);
      assert.ok(Object.keys(view.measures).length > 3, lab.name);
      const drawn = lab.name === 'btree' ? view.pages.length : view.drawing.shapes.length + view.drawing.maps.length;
      assert.ok(drawn > 0 || share === 0, `${lab.name} at ${position}`);
    }
    const [first] = session.records(0, 1);
    assert.deepEqual(Object.keys(first).sort(), ['caption', 'cause', 'event', 'fields', 'index', 'lane', 'node', 'timeNs']);
    assert.ok(session.results().length > 0 && session.results().every(({ from, to }) => from < to));
    session.free();
  }
});

test('what is wrong is an Error with a code', () => {
  const session = new core.Session('lab btree\ninset 1');
  const code = (work) => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof Error && error.message.length > 10, String(error));
      return error.code;
    }
    return null;
  };
  const codes = [
    () => session.check(),
    () => session.append('insert'),
    () => session.view(1000),
    () => session.records(1000),
    () => session.fork(1000),
    () => core.preset('textbok'),
    () => core.readLink('https://a.example/#1.x'),
  ].map(code);
  assert.deepEqual(codes, ['syntax', 'syntax', 'position', 'position', 'position', 'preset', 'link']);
  assert.deepEqual(session.problems().map(({ line }) => line), [2]);
});

test('a fork goes its own way', () => {
  const session = new core.Session(SCRIPT);
  session.run();
  const fork = session.fork(Math.floor(session.length / 2));
  assert.ok(fork.length < session.length);
  fork.append('insert 99');
  fork.run();
  assert.ok(fork.view().pages.some((page) => page.keys.includes('99')));
  assert.ok(!session.view().pages.some((page) => page.keys.includes('99')));
});

/** A program as others would write it; each line that must be refused is marked, and an error where none comes. */
const CONSUMER = `
import { labs, preset, ready, Session, trace, type GlassbaseError, type TraceRecord, type View } from '@glassbase/core';
import '@glassbase/core/element';
import type { Goal, LabState } from '@glassbase/core/element';

await ready();
const session: Session = new Session(preset(labs()[0]!.presets[0]!.name));
while (session.step(100));
const view: View = session.view();
const keys: string[] = view.pages.flatMap((page) => page.keys);
const first: TraceRecord | undefined = [...trace(session)][0];
try { session.check(); } catch (error) { const known = error as GlassbaseError; known.problems.map(({ line, remedy }) => line + remedy); }
const element = document.querySelector('glassbase-lab')!;
const state: LabState = await element.run('insert 1');
element.addEventListener('goal', (event) => { const goal: Goal = event.detail; goal.text.toUpperCase(); });
// @ts-expect-error
session.step('one');
// @ts-expect-error
view.pages[0].colour;
// @ts-expect-error
const code: GlassbaseError['code'] = 'nonsense';
// @ts-expect-error
await element.speed(3);
export { code, first, keys, state };
`;

/** What the program gives, as literals: the compiler finds a field that is missing, one too many, and a word that is not told. */
function given() {
  const lines = ["import type { CommandResult, LabInfo, Problem, TraceRecord, View } from '@glassbase/core';"];
  const literal = (type, value) => lines.push(`export const v${lines.length}: ${type} = ${JSON.stringify(value)};`);
  literal('LabInfo[]', core.labs());
  for (const { name } of core.labs()) {
    const word = core.labs().find((lab) => lab.name === name).presets[0].name;
    const session = new core.Session(core.preset(name === 'btree' ? word : `${name}/${word}`));
    session.run();
    literal('View', session.view(Math.floor(session.length / 2)));
    literal('View', session.view());
    literal('TraceRecord[]', session.records(0, 200));
    literal('CommandResult[]', session.results());
    session.free();
  }
  literal('Problem[]', new core.Session('lab btree\ninset 1').problems());
  return lines.join('\n');
}

test('the types are those of what is given, and refuse what is wrong', async () => {
  await writeFile(join(dir, 'consumer.ts'), CONSUMER);
  await writeFile(join(dir, 'given.ts'), given());
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', import.meta.url));
  for (const kind of [['bundler', 'esnext'], ['nodenext', 'nodenext']]) {
    const [moduleResolution, module] = kind;
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom,esnext.disposable', '--module', module, '--moduleResolution', moduleResolution];
    const told = await run(process.execPath, [tsc, ...options, 'consumer.ts', 'given.ts'], { cwd: dir, maxBuffer: 1 << 26 }).catch((error) => error);
    assert.equal(told.stdout, '', `${kind}: ${told.stdout?.slice(0, 2000)} ${told.stderr ?? ''}`);
  }
});

test('bundled by esbuild, in Node and in Chromium; from a plain module script; and the element', async () => {
  const expected = worked();
  const entry = join(dir, 'entry.js');
  await writeFile(entry, `import { ready, Session, trace } from '@glassbase/core';\nawait ready();\n${WORK}\nglobalThis.result = result;\n(globalThis.process?.stdout)?.write(result);\n`);
  const wasm = join(dir, 'node_modules/@glassbase/core/glassbase_core_bg.wasm');
  const bundle = async (platform, entryPoint, out) => {
    await build({ entryPoints: [entryPoint], bundle: true, format: 'esm', platform, outfile: join(dir, out), logLevel: 'error', absWorkingDir: dir });
    return join(dir, out);
  };
  await mkdir(join(dir, 'out'));
  await cp(wasm, join(dir, 'out/glassbase_core_bg.wasm'));
  const { stdout } = await run(process.execPath, [await bundle('node', entry, 'out/node.mjs')]);
  assert.equal(stdout, expected);

  await bundle('browser', entry, 'out/web.js');
  await writeFile(join(dir, 'element.js'), "import '@glassbase/core/element';\n");
  await bundle('browser', join(dir, 'element.js'), 'out/element-bundle.js');
  await cp(PACKAGE, join(dir, 'out/core'), { recursive: true });
  await writeFile(join(dir, 'out/plain.js'), `import { ready, Session, trace } from './core/web.js';\nawait ready();\n${WORK}\nglobalThis.result = result;\n`);
  const page = (script, body = '') => `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>t</title><script type="module" src="${script}"></script>${body}`;
  await writeFile(join(dir, 'out/bundled.html'), page('web.js'));
  await writeFile(join(dir, 'out/plain.html'), page('plain.js'));
  await writeFile(join(dir, 'out/element.html'), page('element-bundle.js', '<glassbase-lab lab="raft" height="360"></glassbase-lab>'));
  const site = await start({ dir: join(dir, 'out') });
  try {
    for (const name of ['bundled.html', 'plain.html']) {
      const view = await site.open(name);
      await view.page.waitForFunction(() => globalThis.result);
      assert.equal(await view.page.evaluate(() => globalThis.result), expected, name);
      view.assertQuiet();
      await view.close();
    }
    const view = await site.open('element.html');
    const state = await view.page.evaluate(() => document.querySelector('glassbase-lab').state());
    assert.equal(state.lab, 'raft');
    assert.ok(await view.page.locator('glassbase-lab .caption').innerText());
    view.assertQuiet();
    await view.close();
  } finally {
    await site.close();
  }
});
