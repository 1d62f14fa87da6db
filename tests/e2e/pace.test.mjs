// What must happen in its time: first presets that show their point within ten seconds, work that leaves the page its frames.
// Run alone, so that no other test takes the machine's time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idle, length, logText, measure, say, toEnd, visits } from './page.mjs';

const { opened, done } = visits();

async function atEnd(page, timeout) {
  await page.waitForFunction(
    () => {
      const slider = document.querySelector('[role=slider][aria-label=Playhead]');
      return slider.getAttribute('aria-valuenow') === slider.getAttribute('aria-valuemax') && !document.querySelector('.work');
    },
    null,
    { timeout },
  );
}

test('the page opens on a preset that splits within ten seconds, and says so', async () => {
  const view = await opened();
  const started = Date.now();
  await view.page.waitForFunction(() => /splits|is full/i.test(document.querySelector('.caption').innerText), null, {
    timeout: 10_000,
  });
  const splits = () => /^Splits\s+[1-9]/m.test(document.querySelector('.measures').innerText);
  await view.page.waitForFunction(splits, null, { timeout: 10_000 });
  assert.ok(Date.now() - started < 10_000, 'a split within ten seconds');
  assert.ok(await length(view.page) > 100);
  await done(view);
});

test('the first preset shows within ten seconds that ARC keeps what LRU loses', async () => {
  const view = await opened('#preset=pool/hot-set');
  const { page } = view;
  await atEnd(page, 12_000);
  // Left and right: of 45 accesses LRU hits 15, ARC 20.
  const text = await page.evaluate(() => [...document.querySelectorAll('.plate')].map((plate) => plate.textContent).join('|'));
  assert.match(text, /15 of 45 hit/);
  assert.match(text, /20 of 45 hit/);
  await view.assertAccessible();
  await done(view);
});

test('the lab opens from the navigation, and merges within ten seconds', async () => {
  const view = await opened();
  const { page } = view;
  await page.getByRole('button', { name: 'LSM tree', exact: true }).click();
  const started = Date.now();
  await page.waitForFunction(() => /merged/i.test(document.querySelector('.caption').innerText), null, { timeout: 10_000 });
  assert.ok(Date.now() - started < 10_000);
  assert.ok(await page.getByText('A put falls through').first().isVisible());
  await done(view);
});

test('the first preset shows within ten seconds that nothing committed is lost', async () => {
  const view = await opened();
  const { page } = view;
  await page.getByRole('button', { name: 'Log and recovery' }).click();
  await atEnd(page, 12_000);
  assert.match(await page.locator('.plate').first().textContent(), /Every committed write is there, and nothing else is/);
  assert.equal(await measure(page, 'Acknowledged'), '2');
  assert.equal(await measure(page, 'Lost'), '0');
  assert.match(await logText(page), /held: expect kept/);
  await view.assertAccessible();
  await done(view);
});

test('a million random keys go in while the page answers, and can be stopped', async () => {
  const view = await opened();
  const { page } = view;
  await say(page, 'clear');
  await say(page, 'set order 0');
  await page.evaluate(() => {
    globalThis.longest = 0;
    let last = performance.now();
    const look = (now) => {
      globalThis.longest = Math.max(globalThis.longest, now - last);
      last = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await say(page, 'random 1000000');
  await page.getByRole('progressbar').waitFor();
  await page.getByRole('tab', { name: 'Trace' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await idle(page);
  await toEnd(page);
  const some = Number((await measure(page, 'Records')).replaceAll(',', ''));
  assert.ok(some > 0 && some < 1_000_000, `${some} records`);
  await page.getByRole('button', { name: 'Script', exact: true }).click();
  assert.match(await page.getByRole('textbox', { name: 'Script' }).inputValue(), new RegExp(`random ${some}\\b`));
  await page.keyboard.press('Escape');
  await say(page, 'clear');
  await say(page, 'random 1000000');
  await idle(page, 240_000);
  await toEnd(page);
  assert.equal(await measure(page, 'Records'), '1,000,000');
  const longest = await page.evaluate(() => globalThis.longest);
  assert.ok(longest < 500, `a frame took ${longest} ms`);
  await done(view);
});
