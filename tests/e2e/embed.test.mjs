// The embedded page in a frame of another origin: its height, its messages, and who may speak.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { start, withTempDir } from './harness.mjs';
import { serve } from './serve.mjs';

let site;
before(async () => {
  site = await start();
});
after(() => site.close());

/** A page of another origin around a frame with `?embed`; `query` may name the origin of that page as ORIGIN. */
async function around(query, work, { fragment = '#preset=textbook' } = {}) {
  await withTempDir(async (dir) => {
    await writeFile(join(dir, 'course.html'), '<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>c</title><body>');
    const course = await serve({ dir });
    const origin = new URL(course.url).origin;
    const context = await site.browser.newContext({ viewport: { width: 900, height: 800 } });
    const page = await context.newPage();
    try {
      await page.goto(`${course.url}course.html`);
      const address = `${site.url}?embed${query.replaceAll('ORIGIN', encodeURIComponent(origin))}${fragment}`;
      await page.evaluate((address) => {
        globalThis.heard = [];
        addEventListener('message', ({ data, origin }) => globalThis.heard.push({ data, origin }));
        const frame = document.createElement('iframe');
        Object.assign(frame, { src: address, width: 640, height: 400, title: 'lab' });
        document.body.append(frame);
        let last = 0;
        globalThis.ask = (call, argument, extra = {}) => new Promise((resolve) => {
          const id = (last += 1);
          const hear = ({ data }) => {
            if (data.id !== id) return;
            removeEventListener('message', hear);
            resolve(data);
          };
          addEventListener('message', hear);
          frame.contentWindow.postMessage({ glassbase: 1, id, call, argument, ...extra }, '*');
          setTimeout(resolve, 1500, 'silence');
        });
      }, address);
      await page.waitForFunction(() => globalThis.heard.some(({ data }) => data.event === 'size'));
      await work({ page, frame: page.frames()[1], origin, heard: () => page.evaluate(() => globalThis.heard) });
    } finally {
      await context.close();
      await course.close();
    }
  });
}

const ask = (page, ...call) => page.evaluate((call) => globalThis.ask(...call), call);

test('without a named origin only the height goes out, and nobody may ask for anything', async () => {
  await around('', async ({ page, frame, heard }) => {
    const before = await frame.locator('.where').innerText();
    for (const call of [['state'], ['run', 'insert 1'], ['open', { script: 'insert 1' }]]) assert.equal(await ask(page, ...call), 'silence');
    const messages = await heard();
    assert.ok(messages.every(({ data }) => data.event === 'size' || data.subject === 'lti.frameResize'), JSON.stringify(messages));
    const [size, lti] = ['glassbase', 'subject'].map((field) => messages.find(({ data }) => field in data).data);
    assert.equal(size.height, lti.height);
    assert.ok(size.height > 300 && size.height < 900, String(size.height));
    assert.equal(before.split('/')[1], (await frame.locator('.where').innerText()).split('/')[1], 'the run is as it was');
  });
});

test('the named origin asks and is told', async () => {
  await around('&origin=ORIGIN&play=no', async ({ page, heard }) => {
    const { state } = await ask(page, 'state');
    assert.deepEqual([state.lab, state.position, state.playing], ['btree', 0, false]);
    assert.ok((await ask(page, 'run', 'insert 1234')).state.script.endsWith('insert 1234'));
    const moved = await ask(page, 'seek', 'end');
    assert.equal(moved.state.position, moved.state.length);
    assert.equal((await ask(page, 'run', 'inset 1')).error.code, 'syntax');
    assert.equal((await ask(page, 'constructor', 1)).error.code, 'unknown');
    const events = (await heard()).map(({ data }) => data.event);
    assert.ok(['ready', 'step', 'goal'].every((word) => events.includes(word)), String(events));
  });
});

test('a trace that is opened is there when it is answered, and stands still; a broken one is an error', async () => {
  await around('&origin=ORIGIN&play=no', async ({ page }) => {
    const trace = await readFile(new URL('../scripts/storage/split-middle.trace', import.meta.url), 'utf8');
    const { state } = await ask(page, 'open', { trace });
    assert.ok(state.length > 20 && !state.playing, JSON.stringify(state));
    assert.equal((await ask(page, 'open', { trace: 'no trace' })).error.code, 'trace');
    const cut = `${trace.slice(0, trace.lastIndexOf('\n', trace.length - 2) + 1)}nonsense here\n`;
    assert.equal((await ask(page, 'open', { trace: cut })).error.code, 'trace');
    assert.equal((await ask(page, 'state')).state.length, state.length, 'what was there stays');
  });
});

test('a scenario whose goal is reached tells its name, score and budget, once', async () => {
  await around('&origin=ORIGIN&play=no', async ({ page, heard }) => {
    const goals = async () => (await heard()).filter(({ data }) => data.event === 'goal' && data.detail.by === 'scenario').map(({ data }) => data.detail);
    await ask(page, 'open', { script: 'lab stack\nset scenario flash-sale\nset shards 1\nset l1 40' });
    // Without a cure many wait for the same: the goal is missed, and nothing is told.
    await page.evaluate(() => globalThis.ask('run', 'play'));
    await page.waitForFunction(async () => (await globalThis.ask('state')).state?.working === false, null, { timeout: 60_000 });
    await ask(page, 'seek', 'end');
    assert.deepEqual(await goals(), []);
    await page.evaluate(() => globalThis.ask('run', 'set stampede single-flight\nplay\ngoal'));
    await page.waitForFunction(async () => (await globalThis.ask('state')).state?.working === false, null, { timeout: 60_000 });
    await ask(page, 'seek', 'end');
    const told = await goals();
    assert.equal(told.length, 1, JSON.stringify(told));
    const [{ name, score, cost, budget, text }] = told;
    assert.deepEqual([name, budget, text], ['flash-sale', 66, 'Flash sale']);
    assert.ok(score >= 500 && score <= 1000 && cost > 0 && cost <= budget, JSON.stringify(told));
  });
});

test('another origin than the named one is not heard, nor another window', async () => {
  await around('&origin=https://course.example', async ({ page, heard }) => {
    assert.equal(await ask(page, 'state'), 'silence');
    assert.ok((await heard()).every(({ data }) => data.event === 'size' || data.subject));
  });
  // Stars, parts of origins and nonsense name nobody.
  for (const origin of ['*', 'null', 'http', 'ORIGIN/path', 'javascript:1']) {
    await around(`&origin=${origin}`, async ({ page }) => assert.equal(await ask(page, 'state'), 'silence', origin));
  }
  await around('&origin=ORIGIN', async ({ page, frame }) => {
    // A message of the right origin from another window than the one around it.
    const silent = await page.evaluate(async () => {
      const other = document.createElement('iframe');
      document.body.append(other);
      const length = globalThis.heard.length;
      other.contentWindow.eval(`parent.frames[0].postMessage({ glassbase: 1, id: 'other', call: 'run', argument: 'insert 77' }, '*')`);
      await new Promise((done) => setTimeout(done, 500));
      return !globalThis.heard.slice(length).some(({ data }) => data.id === 'other');
    });
    assert.ok(silent);
    assert.ok(!(await ask(page, 'state')).state.script.includes('77'));
    assert.ok(frame);
  });
});

test('locks hold back the person, not the page around', async () => {
  await around('&origin=ORIGIN&play=no&lock=all', async ({ page, frame }) => {
    for (const name of [/^Play/, /^To the end/, /^On one event/]) assert.ok(await frame.getByRole('button', { name }).isDisabled());
    await frame.getByRole('slider', { name: 'Playhead' }).focus();
    await page.keyboard.press('End');
    await frame.getByRole('slider', { name: 'Playhead' }).click();
    assert.equal((await ask(page, 'state')).state.position, 0);
    assert.ok((await ask(page, 'step', 5)).state.position === 5);
  });
});

test('hidden answers wait to be asked for', async () => {
  await around('&origin=ORIGIN&answers=hidden', async ({ page, frame }) => {
    const { state } = await ask(page, 'seek', 'end');
    assert.ok(state.asking && state.position < state.length);
    await frame.getByRole('button', { name: 'Show what happens' }).click();
    const later = await ask(page, 'seek', 'end');
    assert.ok(later.state.position > state.position);
  });
});

test('the script of the element fits frames to their height', async () => {
  await withTempDir(async (dir) => {
    const file = join(dir, 'framed.html');
    const frame = '<iframe src="./?embed#preset=textbook" width="600" height="150" title="lab"></iframe>';
    await writeFile(file, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>f</title><script type="module" src="glassbase-lab.js"></script>${frame}`);
    const framed = await start({ extra: { '/framed.html': file } });
    try {
      const view = await framed.open('framed.html');
      await view.page.waitForFunction(() => document.querySelector('iframe').style.height !== '');
      const height = await view.page.evaluate(() => document.querySelector('iframe').offsetHeight);
      assert.ok(height > 300 && height < 900, String(height));
      view.assertQuiet();
      await view.close();
    } finally {
      await framed.close();
    }
  });
});
