// Watching a run: it opens by itself, and the playhead goes wherever a person drags it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caption, length, logText, measure, position, rest, say, settled, toEnd, visits } from './page.mjs';

const { opened, done } = visits();

test('arrows step one event, with shift one command; Home, End and space do what they say', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  await page.keyboard.press('Home');
  assert.equal(await position(page), 0);
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => document.querySelector('[role=slider]').getAttribute('aria-valuenow') === '1');
  await page.keyboard.press('Shift+ArrowRight');
  const afterCommand = await position(page);
  assert.ok(afterCommand > 1);
  await page.keyboard.press('ArrowLeft');
  assert.equal(await position(page), afterCommand - 1);
  await page.keyboard.press('End');
  assert.equal(await position(page), await length(page));
  await page.keyboard.press('Shift+ArrowLeft');
  assert.ok((await position(page)) < (await length(page)));
  await page.keyboard.press('Home');
  await page.keyboard.press(' ');
  await page.waitForFunction(() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) > 3);
  await page.keyboard.press(' ');
  const stopped = await position(page);
  await settled(page);
  assert.equal(await position(page), stopped);
  await done(view);
});

test('the playhead is dragged, and the picture goes with it', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  const box = await page.getByRole('slider', { name: 'Playhead' }).boundingBox();
  const at = async (part) => {
    await page.mouse.move(box.x + box.width * part, box.y + box.height / 2);
    return position(page);
  };
  await page.mouse.move(box.x + 5, box.y + box.height / 2);
  await page.mouse.down();
  const middle = await at(0.5);
  const end = await at(0.999);
  const records = await measure(page, 'Records');
  const back = await at(0.25);
  await page.mouse.up();
  const total = await length(page);
  assert.ok(Math.abs(middle - total / 2) <= 2, `${middle} of ${total}`);
  assert.ok(end >= total - 1 && back < middle);
  assert.ok(Number(await measure(page, 'Records')) < Number(records));
  assert.notEqual(await caption(page), '');
  await done(view);
});

test('fork here cuts the run at the playhead and goes on from there', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  const total = await length(page);
  await page.keyboard.press('Home');
  for (let i = 0; i < 8; i += 1) await page.keyboard.press('Shift+ArrowRight');
  const before = await position(page);
  await page.getByRole('button', { name: 'Fork here' }).click();
  await page.waitForFunction((total) => Number(document.querySelector('[role=slider]').getAttribute('aria-valuemax')) < total, total);
  assert.ok((await length(page)) <= before);
  assert.match(await logText(page), /Forked after `[^`]+`: the commands from `[^`]+` on are gone/);
  await page.getByRole('button', { name: 'Undo' }).click();
  assert.equal(await length(page), total);
  assert.equal(await position(page), before);
  await page.getByRole('button', { name: 'Fork here' }).click();
  const records = Number(await measure(page, 'Records'));
  await say(page, 'insert 4711');
  await toEnd(page);
  assert.equal(Number(await measure(page, 'Records')), records + 1);
  await page.getByRole('button', { name: 'Script', exact: true }).click();
  const script = await page.getByRole('textbox', { name: 'Script' }).inputValue();
  assert.match(script, /insert 4711$/);
  await done(view);
});

test('the text list of the trace has the captions of the animation, and a click goes there', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  await page.getByRole('tab', { name: 'Trace' }).click();
  for (const press of ['Home', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight']) await page.keyboard.press(press);
  const row = page.locator('.trace-row').nth(12);
  const words = await row.locator('.words').innerText();
  const number = Number(await row.locator('.number').innerText());
  await row.click();
  assert.equal(await position(page), number);
  assert.equal(await caption(page), words);
  assert.equal(await page.locator('.trace-row[aria-current=step] .words').innerText(), words);
  await done(view);
});

test('speed goes from a tenth to a hundredfold', async () => {
  const view = await opened();
  const { page } = view;
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('100');
  await page.waitForFunction(() => {
    const slider = document.querySelector('[role=slider]');
    return slider.getAttribute('aria-valuenow') === slider.getAttribute('aria-valuemax');
  });
  await done(view);
});

test('with reduced motion there is nothing between two events', async () => {
  const view = await opened(undefined, { reducedMotion: 'reduce' });
  const { page } = view;
  await rest(page);
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  assert.equal(await position(page), 1);
  await done(view);
});
