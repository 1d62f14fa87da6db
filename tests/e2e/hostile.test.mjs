// What an attacker may hand in: a link, a script, a trace, a file, an attribute. Each shows a lab or a sentence; none runs markup,
// leaves the host, hangs the page or eats its memory.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { start, withTempDir } from './harness.mjs';
import { atFullSpeed, drop, idle, logged, notice, ready, rest, say, toEnd } from './page.mjs';

let site;
before(async () => {
  site = await start();
});
after(() => site.close());

/** What would tell that markup came alive. Set in each page before all else. */
const WATCH = () => {
  globalThis.pwned = [];
  for (const name of ['alert', 'confirm', 'prompt', 'open']) globalThis[name] = () => globalThis.pwned.push(name);
};
const MARKUP = ['<img src=x onerror=alert(1)>', '<svg/onload=alert(1)>', '"><script>alert(1)</script>', "'onfocus=alert(1) autofocus='", '</text><a href="javascript:alert(1)">x</a>', '${alert(1)}', '&lt;b&gt;'];
/** A key as a script quotes it. */
const quoted = (text) => `"${text.replace(/["\\]/g, '\\$&')}"`;

const link = (script) => `1.${deflateSync(Buffer.from(script), { level: 9 }).toString('base64url')}`;

async function opened(path = '#preset=textbook', options = {}) {
  const view = await site.open(path, { init: WATCH, ...options });
  return ready(view);
}

/** Nothing of what came in is alive, and nothing has left. */
async function harmless(view) {
  const found = await view.page.evaluate(() => {
    const all = (root) => [...root.querySelectorAll('*')].flatMap((element) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])]);
    const alive = (element) => [...element.attributes].some(({ name, value }) => name.startsWith('on') || /^\s*javascript:/i.test(value));
    const own = new Set(['module']);
    return all(document.body)
      .filter((element) => ['IMG', 'IFRAME', 'OBJECT', 'EMBED'].includes(element.tagName) || (element.tagName === 'SCRIPT' && !own.has(element.type)) || alive(element))
      .map((element) => element.outerHTML.slice(0, 200));
  });
  assert.deepEqual(found, []);
  assert.deepEqual(await view.page.evaluate(() => globalThis.pwned), []);
  view.assertQuiet();
}

/** The page answers at once. */
async function alive(page) {
  const begun = Date.now();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.ok(Date.now() - begun < 3000, `the page was busy for ${Date.now() - begun} ms`);
}

const SCRIPTS = {
  btree: ['lab btree', 'set order 4', ...MARKUP.flatMap((text) => [`# ${text}`, `insert ${quoted(text)} ${quoted(text)}`, `get ${quoted(text)}`])],
  pages: ['lab pages', ...MARKUP.flatMap((text) => [`# ${text}`, `insert ${quoted(text)}`])],
  lsm: ['lab lsm', ...MARKUP.map((text) => `put ${quoted(text)} ${quoted(text)}`), 'flush'],
  log: ['lab log', 'begin a', ...MARKUP.map((text) => `put ${quoted(text)} ${quoted(text)}`), 'commit a'],
  quorum: ['lab quorum', ...MARKUP.map((text) => `put ${quoted(text)} ${quoted(text)}`), 'wait', 'check'],
  sharding: ['lab sharding', ...MARKUP.map((text) => `put ${quoted(text)} ${quoted(text)}`), 'run 100ms'],
};

for (const [lab, lines] of Object.entries(SCRIPTS)) {
  test(`a link with markup in keys, values and remarks is text in the lab ${lab}`, async () => {
    const view = await opened(`?x=${encodeURIComponent(MARKUP[0])}#${link(lines.join('\n'))}`);
    const { page } = view;
    await atFullSpeed(page);
    await idle(page);
    await toEnd(page);
    for (const tab of await page.getByRole('tab').all()) await tab.click();
    // What is clicked is told by the inspector, in words of the script.
    const things = await page.locator('#stage [tabindex="0"]').all();
    for (const thing of things.slice(0, 6)) await thing.press('Enter').catch(() => {});
    await page.getByRole('button', { name: /^Script/ }).first().click();
    await page.keyboard.press('Escape');
    await harmless(view);
    await view.close();
  });
}

test('links that are broken, bombs or of another kind are told in a sentence', async () => {
  const bomb = `1.${deflateSync(Buffer.alloc(64 << 20, '#'), { level: 9 }).toString('base64url')}`;
  const whole = link('lab btree\ninsert 1');
  const cases = [
    [bomb, /longer than|too long/i],
    [whole.slice(0, -4), /cut short|altered/],
    [`9${whole}`, /version/],
    [`preset=${MARKUP[0]}`, /no preset/],
    ['preset=__proto__', /no preset/],
    [MARKUP[1], /no script/],
    [link(`lab ${MARKUP[0].split(' ')[0]}\ninsert 1`), /lab/],
  ];
  const view = await opened();
  for (const [fragment, says] of cases) {
    await view.page.evaluate((fragment) => {
      location.hash = fragment;
    }, fragment);
    await view.page.waitForFunction(([source, flags]) => new RegExp(source, flags).test(document.querySelector('.notice')?.innerText ?? ''), [says.source, says.flags]);
    await alive(view.page);
    await view.page.getByRole('button', { name: 'Close the message' }).click();
  }
  await harmless(view);
  await view.close();
});

test('scripts that ask for too much are refused, or can be stopped', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  await say(page, 'random 4000000000');
  await logged(page, /random 4000000000[\s\S]*out of range/);
  for (const line of [`insert ${'9'.repeat(70_000)}`, `insert ${quoted('k'.repeat(30_000))}`, 'set frames 99999999999999', 'set page_size 1']) {
    await say(page, line);
    await alive(page);
  }
  // A long command goes on in slices, and ends when it is told to.
  await say(page, 'random 50000000');
  await page.getByRole('button', { name: 'Stop' }).click({ timeout: 20_000 });
  await idle(page);
  await alive(page);
  await harmless(view);
  await view.close();
});

test('files: traces and scripts that lie, are cut or are full of markup', async () => {
  await withTempDir(async (dir) => {
    const view = await opened();
    const { page } = view;
    const said = async (name, content, says) => {
      await drop(page, dir, name, content);
      await page.waitForFunction(
        ([source, flags]) => new RegExp(source, flags).test(document.querySelector('.notice')?.innerText ?? ''),
        [says.source, says.flags],
      );
      await alive(page);
    };
    await said('cut.trace', 'glassbase-trace 1\n> lab btree\n0 - 0 split-begun page=1', /cut\.trace/);
    // Numbers that claim four thousand million pages, frames and records.
    const state = (frames, pages) => `state-taken state=8192,8156,0,${frames},1,1,0,0,166384,16384|0:2:0:meta|${pages}:1:0:leaf,0,0,|pool=0:0:0:c|unsynced=|counters=0`;
    await said('fields.trace', 'glassbase-trace 1\n> lab btree\n0 - split-begun page=1', /fields\.trace.*missing or malformed/);
    for (const line of [state(4294967295, 1), state(64, 4294967295), 'page-allocated page=4294967295 kind=leaf reused=false', 'record-count records=18446744073709551615']) {
      await drop(page, dir, 'lies.trace', `glassbase-trace 1\n> lab btree\n0 - ${line}\n`);
      await page.waitForTimeout(300);
      await alive(page);
    }
    await said('nolab.gb', `lab ${'x'.repeat(200)}`, /no lab/);
    await said('markup.gb', `lab btree\n${MARKUP[0]}\n# ${MARKUP[2]}\ninsert 1`, /cannot be understood/);
    await said('zeros.txt', Buffer.alloc(5000), /too long for a key/);
    await said('empty.trace', '', /is empty/);
    // A whole trace whose words are markup: it is shown, as words.
    const trace = ['glassbase-trace 1', '> lab btree', ...MARKUP.map((text) => `> # ${text}`)];
    await drop(page, dir, 'words.trace', `${trace.join('\n')}\n`);
    await alive(page);
    await harmless(view);
    assert.ok(await notice(page).count() <= 1);
    await view.close();
  });
});

test('attributes of an element are words, and what it is told to fetch is read as a script alone', async () => {
  const view = await site.open('course.html', { init: WATCH });
  const errors = await view.page.evaluate(async (markup) => {
    const heard = [];
    for (const [name, value] of [['script', markup], ['preset', markup], ['lab', markup], ['link', `#${markup}`], ['src', 'javascript:alert(1)'], ['src', 'course.html']]) {
      const element = document.createElement('glassbase-lab');
      for (const other of ['height', 'theme', 'lock', 'answers', 'play']) element.setAttribute(other, `${markup};}*{display:none`);
      element.setAttribute(name, value);
      const told = new Promise((done) => element.addEventListener('error', ({ detail }) => done(detail.code)));
      document.querySelector('main').prepend(element);
      element.state().catch(() => {});
      heard.push(await Promise.race([told, new Promise((done) => setTimeout(done, 5000, 'silence'))]));
      element.remove();
    }
    return heard;
  }, MARKUP[0]);
  assert.deepEqual(errors, ['syntax', 'preset', 'lab', 'link', 'src', 'syntax']);
  assert.deepEqual(await view.page.evaluate(() => globalThis.pwned), []);
  assert.ok(await view.page.locator('main > h1').isVisible());
  assert.deepEqual(view.foreign, []);
  await view.close();
});
