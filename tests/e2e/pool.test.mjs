// The buffer pool lab: its presets show their point, its file of accesses comes in, its curves are drawn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withTempDir } from './harness.mjs';
import { caption, drop, idle, logged, measure, rest, say, toEnd, visits } from './page.mjs';

const { opened, done } = visits();

const stage = (page) => page.locator('.plate').first();

test('a frame tells what it holds; pins, changes and resizing do what they say', async () => {
  const view = await opened('#preset=pool/clock');
  const { page } = view;
  await rest(page);
  await say(page, 'clear');
  await say(page, 'set policy lru');
  await say(page, 'set frames 3');
  await say(page, 'pin 7');
  await say(page, 'change 8');
  await say(page, 'access 1 2 3');
  await say(page, 'expect resident 7 3 2');
  await logged(page, /held: expect resident 7 3 2/);
  await toEnd(page);
  assert.equal(await measure(page, 'Hits'), '0');
  assert.equal(await measure(page, 'Misses'), '5');
  await page.getByRole('button', { name: /^Frame 0: page 7, pinned/ }).first().click();
  await page.getByRole('tab', { name: 'Inspector' }).click();
  await page.locator('.inspect', { hasText: 'page 7' }).waitFor();
  await say(page, 'resize 1');
  await say(page, 'expect frames = 1');
  await logged(page, /held: expect frames = 1/);
  await say(page, 'access 4');
  await logged(page, /pinned/);
  await say(page, 'access 400');
  await logged(page, /there is no page 400/);
  await done(view);
});

test('a file of page numbers runs as accesses, and its curves are drawn', async () => {
  const view = await opened('#preset=pool/hot-set');
  const { page } = view;
  await withTempDir(async (dir) => {
    let lines = 'time,page,op\n';
    let state = 7;
    for (let index = 0; index < 60_000; index += 1) {
      state = (state * 48271) % 2147483647;
      lines += `${index},${state % (1 + (state % 3000))},read\n`;
    }
    await drop(page, dir, 'accesses.csv', lines);
    await logged(page, /accesses\.csv: 60,000 accesses to [\d,]+ pages/, 60_000);
    await idle(page, 120_000);
    await logged(page, /of 60,000 accesses hit/, 60_000);
    await say(page, 'curve sizes 8');
    await idle(page, 240_000);
    await logged(page, /60,000 accesses replayed at \d+ sizes/, 240_000);
    await toEnd(page);
    assert.match(await stage(page).textContent(), /Hit ratio by frames, for these 60,000 accesses/);
    await drop(page, dir, 'wrong.txt', '1\n2\nthree\n');
    await page.waitForFunction(() => /line 3 is "three"/.test(document.querySelector('.notice')?.innerText ?? ''));
  });
  await view.assertAccessible();
  await done(view);
});

test('a phone shows the lab too', async () => {
  const view = await opened('#preset=pool/zipf', { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true });
  const { page } = view;
  await idle(page, 60_000);
  await rest(page);
  await toEnd(page);
  assert.ok((await caption(page)).length > 3);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${wide} px too wide`);
  await done(view);
});
