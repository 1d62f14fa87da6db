// Commands: typed, completed, clicked, mistyped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idle, length, logText, logged, measure, notice, rest, say, toEnd, visits } from './page.mjs';

const { opened, done } = visits();

test('a typed command is carried out, shown and answered', async () => {
  const view = await opened();
  const { page } = view;
  await toEnd(page);
  const [records, before] = [Number(await measure(page, 'Records')), await length(page)];
  await say(page, 'insert 37 yew');
  await logged(page, /> ?\s*insert 37 yew[\s\S]*37 is inserted/);
  assert.ok((await length(page)) > before);
  await toEnd(page);
  assert.equal(Number(await measure(page, 'Records')), records + 1);
  await say(page, 'get 37');
  await logged(page, /get 37[\s\S]*yew/);
  await done(view);
});

test('a mistake is told below the line that has it, with what would be right', async () => {
  const view = await opened();
  const { page } = view;
  const before = await length(page);
  await say(page, 'inser 37');
  await logged(page, /inser 37[\s\S]*\^.*"inser".*insert/);
  await say(page, 'set order 100');
  await logged(page, /set order 100[\s\S]*\^/);
  assert.equal(await length(page), before, 'nothing was run');
  await done(view);
});

test('Tab completes, arrows walk through the completions and the history', async () => {
  const view = await opened();
  const { page } = view;
  const field = page.getByRole('combobox', { name: 'Command' });
  const choices = () => page.locator('#choices li').first().waitFor();
  await field.focus();
  await field.pressSequentially('ins');
  await choices();
  assert.equal(await field.getAttribute('aria-expanded'), 'true');
  await field.press('Tab');
  assert.equal(await field.inputValue(), 'insert ');
  await field.fill('');
  await field.pressSequentially('se');
  await choices();
  await field.press('Tab');
  assert.equal(await field.inputValue(), 'se', 'seed, sequence and set begin so');
  assert.deepEqual(await page.locator('#choices .mono').allTextContents().then((all) => all.map((text) => text.split(' ')[0])), ['seed', 'sequence', 'set']);
  await field.press('Tab');
  assert.equal(await field.inputValue(), 'seed ');
  await field.fill('');
  await field.pressSequentially('insert 1234');
  await field.press('Enter');
  assert.equal(await field.inputValue(), '');
  await logged(page, /insert 1234/);
  await field.press('ArrowUp');
  assert.equal(await field.inputValue(), 'insert 1234');
  await field.press('ArrowDown');
  assert.equal(await field.inputValue(), '');
  await field.pressSequentially('set ');
  await choices();
  await field.press('ArrowDown');
  await field.press('Enter');
  assert.match(await field.inputValue(), /^set \w+ $/);
  await field.press('Escape');
  assert.equal(await field.getAttribute('aria-expanded'), 'false');
  await done(view);
});

test('buttons issue commands that stand in the console', async () => {
  const view = await opened();
  const { page } = view;
  await toEnd(page);
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill('two words');
  await page.getByRole('button', { name: 'Insert', exact: true }).click();
  await logged(page, /insert "two words"/);
  await page.getByRole('textbox', { name: 'How many random keys' }).fill('5');
  await page.getByRole('button', { name: 'Random', exact: true }).click();
  await logged(page, /random 5/);
  await toEnd(page);
  await page.locator('.badge').click();
  await logged(page, /> ?\s*verify/);
  await toEnd(page);
  await page.locator('.badge.holds').waitFor();
  await done(view);
});

test('a setting changes the script and runs it anew; a wrong value is refused in words', async () => {
  const view = await opened();
  const { page } = view;
  await toEnd(page);
  const height = Number(await measure(page, 'Height'));
  const order = page.getByRole('textbox', { name: 'order', exact: true });
  await order.fill('40');
  await order.press('Enter');
  await idle(page);
  await toEnd(page);
  assert.ok(Number(await measure(page, 'Height')) < height);
  await order.fill('1');
  await order.press('Enter');
  await notice(page).waitFor();
  assert.match(await notice(page).innerText(), /order/);
  assert.equal(await order.inputValue(), '40');
  await done(view);
});

test('the script can be read, changed and run in its dialog', async () => {
  const view = await opened();
  const { page } = view;
  await page.getByRole('button', { name: 'Script', exact: true }).click();
  const field = page.getByRole('textbox', { name: 'Script' });
  assert.match(await field.inputValue(), /^lab btree/);
  await field.fill('lab btree\nset order 4\nsequence 1 20\ninsrt 5');
  await page.locator('.problems li').waitFor();
  assert.match(await page.locator('.problems').innerText(), /Line 4/);
  await field.fill('lab btree\nset order 4\nsequence 1 20\nverify');
  await view.assertAccessible();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await toEnd(page);
  assert.equal(await measure(page, 'Records'), '20');
  await done(view);
});

test('the help lists every command, and an example goes into the line', async () => {
  const view = await opened();
  const { page } = view;
  await rest(page);
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  for (const word of ['insert', 'bulk-load', 'expect', 'page_size', 'Shift Right']) {
    assert.ok((await dialog.innerText()).includes(word), word);
  }
  await view.assertAccessible();
  await dialog.locator('.example').first().click();
  assert.equal(await dialog.count(), 0);
  assert.notEqual(await page.getByRole('combobox', { name: 'Command' }).inputValue(), '');
  assert.ok((await logText(page)).length > 0);
  await done(view);
});

test('a lab that is typed is gone to, with its stage, its words and its knobs', async () => {
  const view = await opened();
  const { page } = view;
  await toEnd(page);
  const before = await length(page);
  await say(page, 'lab raft');
  await page.locator('header', { hasText: 'Raft' }).waitFor();
  await say(page, 'run 200ms');
  await idle(page);
  assert.ok((await length(page)) > before + 10);
  await page.locator('.plate').getByRole('button', { name: /^n1,/ }).first().waitFor();
  view.assertQuiet();
  await view.close();
});
