// The page around the stage: on any screen, by keyboard alone, beside itself, inside another page, and when it fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idle, length, logText, measure, notice, ready, rest, say, toEnd, visits } from './page.mjs';

const { opened, done, site } = visits();

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in ${colorScheme}: stage, panes, dialogs, notices`, async () => {
    const view = await opened(undefined, { colorScheme });
    const { page } = view;
    await rest(page);
    await view.assertAccessible();
    await toEnd(page);
    for (const pane of ['Inspector', 'Trace', 'Code']) {
      await page.getByRole('tab', { name: pane }).click();
      await view.assertAccessible();
    }
    for (const dialog of ['Script', 'Export']) {
      await page.getByRole('button', { name: dialog, exact: true }).click();
      await view.assertAccessible();
      await page.keyboard.press('Escape');
    }
    await page.getByRole('combobox', { name: 'Command' }).pressSequentially('s');
    await view.assertAccessible();
    await page.keyboard.press('Enter');
    await view.assertAccessible();
    await done(view);
  });
}

test('a page is inspected down to its bytes, and a byte lights its field', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  await toEnd(page);
  await page.getByRole('tab', { name: 'Inspector' }).click();
  await page.locator('#stage [data-page], #stage .page').first().click();
  const pane = page.locator('.inspect');
  await pane.locator('h2').filter({ hasText: /Page \d+/ }).waitFor();
  assert.match(await pane.innerText(), /LSN[\s\S]*used/);
  // A click on a key goes to its bytes.
  await pane.locator('.says', { hasText: /key of slot \d+/ }).waitFor();
  await pane.locator('.run.lit').first().waitFor();
  const field = pane.locator('.fields button').nth(1);
  await field.hover();
  const label = await field.locator('span').nth(2).innerText();
  await pane.locator('.says', { hasText: label }).waitFor();
  assert.ok((await pane.locator('.run.lit').count()) > 0);
  await pane.locator('.byte-row .run').first().hover();
  await pane.locator('.says', { hasText: /^Bytes? \d+/ }).waitFor();
  await view.assertAccessible();
  await page.keyboard.press('Escape');
  await done(view);
});

test('by keyboard alone: skip link, presets, console, panes, dialogs', async () => {
  const view = await opened();
  const { page } = view;
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'stage');
  await page.keyboard.press('/');
  await page.waitForFunction(() => document.activeElement.id === 'command');
  await page.keyboard.type('insert 99');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /insert 99/.test(document.getElementById('log').innerText));
  const reached = new Set();
  for (let i = 0; i < 150; i += 1) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const at = document.activeElement;
      return at === document.body ? 'body' : at.getAttribute('aria-label') || at.innerText || at.id;
    });
    reached.add(name.trim().split('\n')[0]);
  }
  for (const wanted of ['Script', 'Share', 'Export', 'Ascending keys', 'Insert', 'Playhead', 'Inspector', 'Fork here', 'Command']) {
    assert.ok(reached.has(wanted), `${wanted} is not among ${[...reached].join(', ')}`);
  }
  await page.getByRole('button', { name: 'Ascending keys' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /sequence 1 80/.test(document.getElementById('log').innerText));
  await page.getByRole('button', { name: 'Export', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await done(view);
});

test('on a phone of 360 px: stage, caption, timeline, a line; the rest in drawers', async () => {
  const view = await opened(undefined, { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
  const { page } = view;
  assert.equal(await overflow(page), 0);
  for (const part of ['#stage', '.caption', '.transport', '#command']) {
    const box = await page.locator(part).boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 361 && box.height > 20, part);
  }
  assert.ok((await page.locator('.stage-area').boundingBox()).height > 180);
  await view.assertAccessible();
  for (const [name, part] of [['Labs', '#nav'], ['Do', '#quick-key'], ['Code', '.code'], ['Inspector', '.inspect'], ['Measures', '.measures'], ['Trace', '.trace-row']]) {
    const button = page.locator('.drawers').getByRole('button', { name });
    await button.tap();
    assert.equal(await button.getAttribute('aria-expanded'), 'true');
    await page.locator(part).first().waitFor();
    assert.equal(await overflow(page), 0);
    await view.assertAccessible();
    await button.tap();
    assert.equal(await button.getAttribute('aria-expanded'), 'false');
  }
  await say(page, 'insert 4711');
  await toEnd(page);
  assert.ok((await length(page)) > 100);
  await done(view);
});

for (const [width, height] of [[320, 480], [1024, 700], [2560, 1440], [3840, 2160]]) {
  test(`nothing sticks out at ${width} x ${height}`, async () => {
    const view = await opened(undefined, { viewport: { width, height } });
    assert.equal(await overflow(view.page), 0);
    const box = await view.page.locator('.stage-area').boundingBox();
    assert.ok(box.height > 100 && box.width > 200);
    await view.assertAccessible();
    await done(view);
  });
}

test('compare: the same script with one setting different, on one timeline', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  await page.getByRole('combobox', { name: 'Setting that differs' }).selectOption('order');
  const value = page.getByRole('textbox', { name: 'Value at the right' });
  await value.fill('8');
  await value.press('Enter');
  await page.locator('.stage-half').nth(1).waitFor();
  assert.equal(await page.locator('.stage-half').count(), 2);
  await toEnd(page);
  await idle(page);
  const [left, right] = (await measure(page, 'Height')).split('|').map(Number);
  assert.ok(left > right, `${left} and ${right}`);
  await view.assertAccessible();
  await say(page, 'insert 4711');
  await toEnd(page);
  const [one, other] = (await measure(page, 'Records')).split('|').map(Number);
  assert.equal(one, other);
  await page.getByRole('button', { name: 'End the comparison' }).click();
  assert.equal(await page.locator('.stage-half').count(), 1);
  await page.getByRole('button', { name: 'UUIDv4 against UUIDv7' }).click();
  await idle(page);
  assert.equal(await page.locator('.stage-half').count(), 2);
  await done(view);
});

test('embedded: stage, caption and timeline alone, from 320 x 400', async () => {
  const view = await opened('?embed', { viewport: { width: 320, height: 400 } });
  const { page } = view;
  assert.equal(await overflow(page), 0);
  for (const gone of ['.head', '.nav', '.side', '.console', '.quick', '.drawers']) {
    assert.equal(await page.locator(gone).count(), 0, gone);
  }
  const box = await page.locator('.stage-area').boundingBox();
  assert.ok(box.height > 150 && box.width >= 318);
  await page.waitForFunction(() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) > 3);
  await view.assertAccessible();
  await done(view);
});

test('embedded with a link: the run of the link', async () => {
  const view = await opened('?embed#preset=ascending');
  assert.ok((await length(view.page)) > 300);
  await done(view);
});

test('light and dark: as the system has it, or by hand, and kept', async () => {
  const view = await opened(undefined, { colorScheme: 'dark' });
  const { page } = view;
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.getByRole('button', { name: 'Light or dark' }).click();
  const light = await ground();
  assert.notEqual(light, dark);
  await page.reload();
  await ready(view);
  assert.equal(await ground(), light);
  await done(view);
});

test('while the program is on its way the page already shows its frame', async () => {
  const view = await site().open(undefined, { waitFor: 'commit' });
  await view.page.route('**/*.wasm', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  await view.page.reload({ waitUntil: 'domcontentloaded' });
  await view.page.locator('.shell.loading .brand').waitFor();
  const skeleton = await view.page.locator('.stage-area').boundingBox();
  await ready(view);
  const whole = await view.page.locator('.middle').boundingBox();
  assert.ok(Math.abs(skeleton.x - whole.x) < 2, 'the frame does not jump');
  await view.close();
});

test('should the program fail, the page says so, keeps the script, and starts again', async () => {
  const view = await opened();
  const { page } = view;
  await say(page, 'insert 4711 kept');
  await idle(page);
  // The browser itself goes wrong: from here on it makes no element any more, which the program rightly takes as its end.
  await page.evaluate(() => {
    Document.prototype.createElement = () => {
      throw new Error('no more elements');
    };
    Document.prototype.createElementNS = Document.prototype.createElement;
  });
  await page.getByRole('button', { name: 'Help: commands and keys' }).click();
  const failed = page.getByRole('alertdialog');
  await failed.waitFor();
  assert.match(await failed.innerText(), /has failed/);
  assert.match(await page.locator('#failed-script').inputValue(), /insert 4711 kept/);
  await page.getByRole('button', { name: 'Start again' }).click();
  await page.waitForFunction(() => performance.getEntriesByName('glassbase-first-frame').length > 0);
  assert.equal(await failed.count(), 0);
  // What has failed may have been what the address names: the first page stands there.
  await page.locator('.hero').waitFor();
  await view.close();
});

test('a recorded run cannot be compared, and says why', async () => {
  const view = await opened();
  const { page } = view;
  await page.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['glassbase-trace 1\n> lab btree\n'], 'short.trace'));
    for (const kind of ['dragover', 'drop']) {
      document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }
  });
  await notice(page).waitFor();
  assert.match(await notice(page).innerText(), /cut short/);
  assert.ok((await logText(page)).length > 0);
  await done(view);
});
