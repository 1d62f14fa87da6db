// The lab of log and recovery: its first preset shows its point, the bolt cuts the power anywhere, everything can be selected.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atFullSpeed, caption, idle, length, logged, notice, position, rest, say, settled, toEnd, visits } from './page.mjs';

const { opened, done } = visits();

const stage = (page) => page.locator('.plate').first();
const track = (page) => page.getByRole('slider', { name: 'Playhead' });

/** The timeline of a run at rest, and a place on it. */
async function place(page, part) {
  const box = await track(page).boundingBox();
  return { x: box.x + box.width * part, y: box.y + box.height / 2 };
}

async function atEnd(page, timeout = 20_000) {
  await page.waitForFunction(
    () => {
      const slider = document.querySelector('[role=slider][aria-label=Playhead]');
      return slider.getAttribute('aria-valuenow') === slider.getAttribute('aria-valuemax') && !document.querySelector('.work');
    },
    null,
    { timeout },
  );
}

test('the playhead is dragged to the crash and stepped back', async () => {
  const view = await opened('#preset=log/power-fails');
  const { page } = view;
  await rest(page);
  const { x, y } = await place(page, 0.1);
  const there = await place(page, 0.9);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(there.x, there.y, { steps: 12 });
  await page.mouse.up();
  assert.match(await stage(page).textContent(), /analysis \d+/);
  const at = await position(page);
  await page.getByRole('button', { name: /^Back one event/ }).click();
  assert.equal(await position(page), at - 1);
  assert.ok((await caption(page)).length > 10);
  await done(view);
});

test('the bolt dropped on the timeline cuts the power there, and what was committed comes back', async () => {
  const view = await opened('#preset=log/power-fails');
  const { page } = view;
  await rest(page);
  await atFullSpeed(page);
  const bolt = page.getByRole('button', { name: /^Cut the power/ });
  for (const part of [0.12, 0.27, 0.4]) {
    const from = await bolt.boundingBox();
    const to = await place(page, part);
    await page.mouse.move(from.x + 12, from.y + 12);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 10 });
    await page.mouse.up();
    await logged(page, /Recovered\. Every committed write is there/);
    await idle(page);
    await toEnd(page);
    assert.match(await stage(page).textContent(), /Every committed write is there, and nothing else is/);
    assert.match(await notice(page).innerText(), /The power is cut there: .*recover/);
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await rest(page);
  }
  // What the bolt does stands in the script, and can be typed.
  await page.keyboard.press('Home');
  const steps = Math.round((await length(page)) * 0.2);
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('Shift+ArrowRight');
  assert.ok((await position(page)) < steps * 5);
  await page.keyboard.press('b');
  await logged(page, /Recovered\./);
  await rest(page);
  await say(page, 'expect kept');
  await logged(page, /held: expect kept/);
  await done(view);
});

test('a bolt that is let go beside the timeline does nothing', async () => {
  const view = await opened('#preset=log/power-fails');
  const { page } = view;
  await rest(page);
  const before = await length(page);
  const from = await page.getByRole('button', { name: /^Cut the power/ }).boundingBox();
  await page.mouse.move(from.x + 12, from.y + 12);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y - 260, { steps: 6 });
  await page.mouse.up();
  assert.equal(await length(page), before);
  await done(view);
});

test('records, transactions and pages are selected by mouse and by keyboard', async () => {
  const view = await opened('#preset=log/power-fails');
  const { page } = view;
  await rest(page);
  const { x, y } = await place(page, 0.35);
  await page.mouse.click(x, y);
  await page.getByRole('button', { name: /^Record 198/ }).click();
  await page.locator('.inspect', { hasText: 'record before' }).waitFor();
  await page.locator('.inspect').getByRole('button', { name: 'a', exact: true }).click();
  await page.locator('.inspect', { hasText: 'the client was told' }).waitFor();
  await page.getByRole('button', { name: /^Page 1 on the disk/ }).focus();
  await page.keyboard.press('Enter');
  await page.locator('.inspect', { hasText: 'survives a crash' }).waitFor();
  await done(view);
});

test('recovery goes step by step, and the power may fail in it', async () => {
  const view = await opened('#preset=log/power-fails');
  const { page } = view;
  await rest(page);
  await say(page, 'put 70 elm');
  await say(page, 'crash');
  await say(page, 'get 70');
  await logged(page, /has to be recovered first/);
  await say(page, 'recover step 2');
  await logged(page, /2 steps done: recovery is in analysis/);
  await say(page, 'crash');
  await say(page, 'recover');
  await logged(page, /Recovered\. Every committed write is there/);
  await say(page, 'put 1 x in nobody');
  await logged(page, /no transaction nobody is open/);
  await done(view);
});

test('without protection a torn page is lost, and the badge says so', async () => {
  const view = await opened('#preset=log/torn-page');
  const { page } = view;
  await idle(page);
  await toEnd(page);
  await settled(page);
  const text = await page.evaluate(() => [...document.querySelectorAll('.plate')].map((plate) => plate.textContent));
  assert.equal(text.length, 2);
  assert.match(text[0], /Every committed write is there/);
  assert.match(text[1], /Not so: the database cannot be opened: page 1/);
  await done(view);
});

test('it works on a phone', async () => {
  const view = await opened('#preset=log/power-fails', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  const { page } = view;
  await rest(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `${wide} px wide`);
  await atFullSpeed(page);
  await page.getByRole('button', { name: /^Cut the power/ }).tap();
  await atEnd(page, 30_000);
  assert.match(await stage(page).textContent(), /Every committed write is there/);
  await view.assertAccessible();
  await done(view);
});
