// The eviction lab: its presets show their point, a key can be asked for and looked at, a file of accesses comes in and
// gives the misses that the command line gives.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { withTempDir } from './harness.mjs';
import { caption, drop, idle, logged, measure, rest, say, toEnd, visits } from './page.mjs';

const { opened, done } = visits();

const stage = (page) => page.locator('.plate').first();
const shots = process.env.EVICTION_SHOTS;
const shot = async (page, name) => {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: `${shots}/${name}.png` });
};

test('the first preset shows that ARC keeps what a scan pushes out of LRU', async () => {
  const view = await opened('#preset=eviction/scan', { viewport: { width: 1440, height: 900 } });
  const { page } = view;
  await idle(page, 60_000);
  await rest(page);
  await toEnd(page);
  const texts = await page.locator('.plate text').allTextContents();
  const hits = texts.flatMap((text) => text.match(/^(\d+) of 110 hit/)?.[1] ?? []).map(Number);
  assert.equal(hits.length, 2);
  assert.ok(hits[1] > hits[0], `${hits}`);
  await view.assertAccessible();
  await shot(page, 'scan-1440');
  await done(view);
});

test('a key is asked for, looked at, and leaves for the reason that is said', async () => {
  const view = await opened('#preset=eviction/sieve', { viewport: { width: 1440, height: 900 } });
  const { page } = view;
  await rest(page);
  await toEnd(page);
  await shot(page, 'sieve-1440');
  await say(page, 'clear');
  await say(page, 'set policy lru');
  await say(page, 'set capacity 2');
  await say(page, 'get 1');
  await say(page, 'get 2');
  await say(page, 'get 1');
  await say(page, 'get 3');
  await say(page, 'expect resident 1 3');
  await logged(page, /held: expect resident 1 3/);
  await toEnd(page);
  assert.equal(await measure(page, 'Hits'), '1');
  assert.equal(await measure(page, 'Misses'), '3');
  await page.getByRole('button', { name: /^Key 3 in / }).first().click();
  await page.getByRole('tab', { name: 'Inspector' }).click();
  await page.locator('.inspect', { hasText: 'Key 3' }).waitFor();
  await say(page, 'get 7 300');
  await logged(page, /set count bytes/);
  await say(page, 'get 400');
  await logged(page, /there is no key 400/);
  await view.assertAccessible();
  await done(view);
});

test('a file of accesses with sizes is played, and wrong ones are told with their line', async () => {
  const view = await opened('#preset=eviction/loop');
  const { page } = view;
  await withTempDir(async (dir) => {
    let lines = 'time,key,size\n';
    let state = 7;
    for (let index = 0; index < 60_000; index += 1) {
      state = (state * 48271) % 2147483647;
      const key = state % (1 + (state % 3000));
      lines += `${index},${key},${1 + ((key * 7919) % 100)}\n`;
    }
    await drop(page, dir, 'accesses.csv', lines);
    await logged(page, /accesses\.csv: 60,000 accesses to [\d,]+ keys/, 60_000);
    await idle(page, 120_000);
    await logged(page, /of 60,000 accesses hit/, 60_000);
    await say(page, 'curve sizes 6');
    await idle(page, 240_000);
    await logged(page, /60,000 accesses replayed at \d+ sizes/, 240_000);
    await toEnd(page);
    assert.match(await stage(page).textContent(), /Hit ratio by bytes, for these 60,000 accesses/);
    for (const [name, text, said] of [
      ['negative.csv', 'time,key,size\n1,7,-9\n', /line 2: "-9" is no size/],
      ['columns.csv', 'time,key,size\n1,7,9\n2\n', /line 3 is "2", which has no column 2/],
      ['empty.csv', '', /is empty/],
    ]) {
      await drop(page, dir, name, text);
      await page.waitForFunction((said) => new RegExp(said).test(document.querySelector('.notice')?.innerText ?? ''), said.source);
    }
  });
  await view.assertAccessible();
  await done(view);
});

test('every policy has its picture, in both themes and on a phone', async () => {
  for (const [width, height] of [[1440, 900], [360, 640]]) {
    const phone = width < 500 ? { isMobile: true, hasTouch: true } : {};
    for (const scheme of ['light', 'dark']) {
      const view = await opened('#preset=eviction/one-hit', { viewport: { width, height }, colorScheme: scheme, ...phone });
      const { page } = view;
      await idle(page, 60_000);
      await rest(page);
      await toEnd(page);
      assert.ok((await caption(page)).length > 3);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${wide} px too wide`);
      await shot(page, `one-hit-${width}-${scheme}`);
      await done(view);
    }
  }
  for (const preset of ['lirs', 'w-tinylfu', 's3-fifo', 'shifting', 'sizes']) {
    const view = await opened(`#preset=eviction/${preset}`, { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
    const { page } = view;
    await idle(page, 60_000);
    await rest(page);
    await toEnd(page);
    await shot(page, `${preset}-1440-dark`);
    await done(view);
  }
});
