// A run outlives its page: what was typed is there after a reload, and what the tab keeps can do no harm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idle, length, notice, position, ready, rest, say, toEnd, visits } from './page.mjs';

const { opened, done } = visits();

async function reloaded(view) {
  await view.page.reload();
  await ready(view);
  await idle(view.page);
}

test('a reload keeps what was typed and where it stood, and the preset is one click away', async () => {
  const view = await opened();
  const { page } = view;
  await idle(page);
  const whole = await length(page);
  await rest(page);
  await reloaded(view);
  assert.equal(await notice(page).count(), 0, 'a preset as it is needs no keeping');

  await rest(page);
  await say(page, 'insert 4711');
  await idle(page);
  await rest(page);
  await toEnd(page);
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowLeft');
  const [stood, longer] = [await position(page), await length(page)];
  assert.ok(longer > whole);
  await reloaded(view);
  assert.deepEqual([await position(page), await length(page)], [stood, longer]);
  assert.match(await notice(page).innerText(), /loaded anew/);
  await view.assertAccessible();

  // Another page of the site does not lose it either.
  await page.evaluate(() => {
    location.hash = '#glossary';
  });
  await page.locator('#site').waitFor();
  await page.reload();
  await page.locator('#site').waitFor();
  await page.goBack();
  await ready(view);
  await idle(page);
  assert.equal(await length(page), longer);

  await page.getByRole('button', { name: 'Open the preset instead' }).click();
  await idle(page);
  assert.equal(await length(page), whole);
  await rest(page);
  await reloaded(view);
  assert.equal(await length(page), whole);
  assert.equal(await notice(page).count(), 0);
  await done(view);
});

test('a fork is kept as well', async () => {
  const view = await opened();
  const { page } = view;
  await idle(page);
  await rest(page);
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('f');
  await idle(page);
  const forked = await length(page);
  await reloaded(view);
  assert.equal(await length(page), forked);
  await done(view);
});

const HOSTILE = [
  '',
  '1',
  '1\n\n\n\n\n\n',
  '2\npreset=textbook\n1\n-\n-\ntitle\nlab btree\ninsert 1\n',
  '1\npreset=textbook\n1\n-\npreset\ntitle\nlab nowhere\n',
  '1\npreset=textbook\n1\n-\npreset\ntitle\nlab btree\n<img src=x onerror=alert(1)>\n',
  '1\nelsewhere\n1\n-\npreset\ntitle\nlab btree\ninsert 1\n',
  `1\npreset=textbook\n1\n-\npreset\ntitle\nlab btree\n${'# much\n'.repeat(100_000)}`,
];

test('what cannot be understood is as if it were not there', async () => {
  for (const text of HOSTILE) {
    const view = await opened('#preset=textbook', { init: `sessionStorage.setItem('glassbase-run', ${JSON.stringify(text)})` });
    await idle(view.page);
    assert.ok((await length(view.page)) > 100, text.slice(0, 40));
    assert.equal(await notice(view.page).count(), 0, text.slice(0, 40));
    await done(view);
  }
  // A title is text, a position beyond the end is the end, a setting that is none is told.
  const kept = '1\npreset=textbook\n99999999999\nnone<b>:1\n-\n<img src=x onerror=alert(1)>\nlab btree\ninsert 1\n';
  const view = await opened('#preset=textbook', { init: `sessionStorage.setItem('glassbase-run', ${JSON.stringify(kept)})` });
  await idle(view.page);
  assert.equal(await position(view.page), await length(view.page));
  assert.match(await view.page.locator('.head').innerText(), /<img src=x/);
  assert.equal(await view.page.locator('.head img').count(), 0);
  await done(view);
});
