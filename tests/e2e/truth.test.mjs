// What the page says of a run is true of that run: fields, labels, captions, notices and the order of the console.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caption, idle, logText, logged, measure, notice, rest, say, toEnd, visits } from './page.mjs';

const { opened, done } = visits();

const compare = async (page, setting, value) => {
  await page.getByRole('combobox', { name: 'Setting that differs' }).selectOption(setting);
  const field = page.getByLabel('Value at the right');
  if ((await field.evaluate((element) => element.tagName)) === 'SELECT') return field.selectOption(value);
  await field.fill(value);
  return field.press('Enter');
};

/** In the page: what is to happen in some seconds waits in a list, for `eightSeconds`. */
function keepLongTimers() {
  const soon = globalThis.setTimeout;
  globalThis.later = [];
  globalThis.setTimeout = (work, ms, ...rest) => (ms >= 5000 ? globalThis.later.push([work, ms]) : soon(work, ms, ...rest));
}

async function eightSeconds(page) {
  const delays = await page.evaluate(() => {
    const due = globalThis.later.splice(0);
    for (const [work] of due) work();
    return due.map(([, ms]) => ms);
  });
  assert.ok(delays.every((ms) => ms === 8000), delays.join());
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

const labels = (page) => page.locator('.stage-label').allInnerTexts();

test('the quick fields of a lab are its own: nothing that was typed goes along to another lab', async () => {
  const view = await opened();
  const { page } = view;
  for (const lab of ['LSM tree', 'Log and recovery', 'Pages', 'Buffer pool', 'B+tree']) {
    await page.locator('#quick-key').fill('4711');
    if (await page.locator('#quick-count').count()) await page.locator('#quick-count').fill('7');
    await page.getByRole('button', { name: lab, exact: true }).click();
    await page.locator('.labs .lab[aria-current]', { hasText: lab }).waitFor();
    if (await page.locator('#quick-key').count()) assert.equal(await page.locator('#quick-key').inputValue(), '', lab);
    if (await page.locator('#quick-count').count()) assert.equal(await page.locator('#quick-count').inputValue(), '', lab);
  }
  await done(view);
});

test('in a comparison the labels say what holds at the playhead, and the right side keeps its value', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  await compare(page, 'order', '8');
  await toEnd(page);
  assert.deepEqual(await labels(page), ['order 4', 'order 8']);
  await say(page, 'set order 6');
  await say(page, 'sequence 1 60');
  await idle(page);
  await toEnd(page);
  await logged(page, /60 inserted/);
  assert.deepEqual(await labels(page), ['order 6', 'order 8']);
  const [left, right] = (await measure(page, 'Pages')).split('|').map(Number);
  assert.ok(left > right, `${left} pages of order 6, ${right} of order 8`);
  // A value that is refused is none.
  await say(page, 'set page_size 128');
  await say(page, 'set value_size 4000');
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Home');
  assert.deepEqual(await labels(page), ['order 4', 'order 8']);
  await done(view);
});

test('the caption of a preset is about its own comparison alone', async () => {
  const view = await opened('#preset=uuid');
  const { page } = view;
  await idle(page);
  await toEnd(page);
  await page.waitForFunction(() => !document.querySelector('.work'));
  const point = await caption(page);
  assert.match(point, /UUID|random|order/i);
  await page.getByRole('button', { name: 'End the comparison' }).click();
  assert.notEqual(await caption(page), point);
  await compare(page, 'keys', 'uuid7');
  await idle(page);
  await toEnd(page);
  assert.equal(await caption(page), point);
  await compare(page, 'keys', 'zipf');
  await idle(page);
  await toEnd(page);
  assert.notEqual(await caption(page), point);
  await done(view);
});

test('a notice that asks for nothing goes by itself; one that tells of a mistake stays until its run is replaced', async () => {
  const view = await opened(undefined, { init: keepLongTimers });
  const { page } = view;
  await rest(page);
  // The place from which a screen reader hears them is there before the first.
  assert.equal(await page.locator('.notices[role=status]').count(), 1);
  await page.getByRole('button', { name: 'Find', exact: true }).waitFor();
  const look = async () => {
    await page.getByRole('textbox', { name: 'Key', exact: true }).fill('4711');
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await notice(page).getByText('4711 is not there').waitFor();
    await page.mouse.move(2, 2);
  };
  await look();
  await eightSeconds(page);
  await notice(page).waitFor({ state: 'detached' });
  // Not while someone is at it.
  await look();
  await page.getByRole('button', { name: 'Close the message' }).focus();
  await eightSeconds(page);
  await eightSeconds(page);
  assert.match(await notice(page).innerText(), /4711 is not there/);
  await page.evaluate(() => document.activeElement.blur());
  await eightSeconds(page);
  await notice(page).waitFor({ state: 'detached' });

  const wrong = async () => {
    const order = page.getByRole('textbox', { name: 'order', exact: true });
    await order.fill('1');
    await order.press('Enter');
    await page.getByRole('alert').getByText('order 1').waitFor();
  };
  for (const away of ['Ascending keys', 'LSM tree', 'B+tree']) {
    if (away !== 'LSM tree') await page.getByRole('button', { name: 'B+tree', exact: true }).click();
    await wrong();
    await eightSeconds(page);
    await eightSeconds(page);
    assert.equal(await notice(page).count(), 1, 'a mistake stays');
    await page.getByRole('button', { name: away, exact: true }).click();
    await notice(page).waitFor({ state: 'detached' });
  }
  await done(view);
});

test('the notice of a fork leaves its button, which takes the fork back', async () => {
  const view = await opened(undefined, { init: keepLongTimers });
  const { page } = view;
  await rest(page);
  await toEnd(page);
  const total = await page.getByRole('slider', { name: 'Playhead' }).getAttribute('aria-valuemax');
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('f');
  await notice(page).getByText('Forked after').waitFor();
  await eightSeconds(page);
  await notice(page).getByText('Forked after').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  assert.equal(await page.getByRole('slider', { name: 'Playhead' }).getAttribute('aria-valuemax'), total);
  await notice(page).waitFor({ state: 'detached' });
  await done(view);
});

test('a mistake keeps its place in the console: after what came before it, and gone with what a fork cuts', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  await toEnd(page);
  await say(page, 'inser 37');
  await logged(page, /inser 37[\s\S]*\^/);
  await say(page, 'insert 37');
  await logged(page, /37 is inserted/);
  await toEnd(page);
  const rows = await page.locator('#log li .text').allInnerTexts();
  const [before, mistake, after] = ['expect height = 3', 'inser 37', 'insert 37'].map((text) => rows.indexOf(text));
  assert.ok(0 <= before && before < mistake && mistake < after, rows.slice(-8).join(' / '));
  // A mistake is not of the run: what lies ahead of the playhead is ahead of it although the mistake is behind.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelectorAll('#log li.ahead').length > 10);
  assert.equal(await page.locator('#log li:not(.ahead) .text', { hasText: 'inser 37' }).count(), 1);
  for (let step = 0; step < 4; step += 1) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('f');
  await notice(page).getByText('Forked after').waitFor();
  assert.doesNotMatch(await logText(page), /inser 37/);
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await toEnd(page);
  assert.deepEqual(await page.locator('#log li .text').allInnerTexts(), rows);
  await done(view);
});

test('? and help in the line open the help', async () => {
  const view = await opened();
  const { page } = view;
  for (const asked of ['?', 'help', ' help ']) {
    await say(page, asked);
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('combobox', { name: 'Command' }).inputValue(), '');
  }
  assert.doesNotMatch(await logText(page), /\^/);
  await done(view);
});

test('a refusal is told once, in the console and in the list', async () => {
  const view = await opened();
  const { page } = view;
  await say(page, 'clear');
  await say(page, 'sequence 1 30');
  await say(page, 'flush');
  await say(page, 'flip 3 999');
  await say(page, 'crash');
  await say(page, 'get 5');
  await logged(page, /page 3 fails its checksum/);
  await toEnd(page);
  assert.equal((await logText(page)).match(/page 3 fails its checksum/g).length, 1);
  await page.getByRole('tab', { name: 'Trace' }).click();
  await page.locator('.trace-row .words', { hasText: 'Refused: page 3 fails its checksum' }).waitFor();
  assert.equal(await page.locator('.trace-row .words', { hasText: 'page 3 fails its checksum' }).count(), 1);
  await done(view);
});

test('a check is shown under its own name, and three rows of measures stay beside the inspector', async () => {
  const view = await opened(undefined, { viewport: { width: 1440, height: 900 } });
  const { page } = view;
  await rest(page);
  for (const [line, title] of [['get 65', 'Search'], ['verify', 'Verify'], ['expect height = 3', 'Expect']]) {
    await say(page, line);
    await logged(page, new RegExp(`${line}\\n.+`));
    await toEnd(page);
    assert.equal(await page.locator('.code h2').innerText(), title);
  }
  await page.getByRole('tab', { name: 'Inspector' }).click();
  const box = await page.locator('.measures').boundingBox();
  const rows = await page.locator('.measure').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().bottom));
  assert.ok(rows.filter((bottom) => bottom <= box.y + box.height).length >= 6, 'three rows of two');
  await done(view);
});
