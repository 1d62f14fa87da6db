// What comes in from outside: links, scripts, traces, lists of keys, and what is wrong with some of them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withTempDir } from './harness.mjs';
import { caption, drop, dropPath, dropText, idle, length, logText, logged, measure, notice, position, rest, say, toEnd, visits } from './page.mjs';

const { opened, done } = visits();

const told = async (page, pattern) => {
  await page.waitForFunction(
    ([source]) => new RegExp(source).test(document.querySelector('.notice')?.innerText ?? ''),
    [pattern.source],
    { timeout: 15_000 },
  );
};

async function shared(view) {
  await view.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await view.page.getByRole('button', { name: 'Share', exact: true }).click();
  await told(view.page, /copied/);
  return view.page.evaluate(() => navigator.clipboard.readText());
}

test('a link gives the very same run, at the same place, with the same comparison', async () => {
  const first = await opened();
  await say(first.page, 'insert 4711');
  await idle(first.page);
  await rest(first.page);
  for (const press of ['Home', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight', 'ArrowLeft']) {
    await first.page.keyboard.press(press);
  }
  const link = await shared(first);
  const [at, total, words] = [await position(first.page), await length(first.page), await caption(first.page)];
  assert.ok(link.includes('#1.'), link);
  await done(first);

  const second = await opened(link.slice(link.indexOf('#')));
  await idle(second.page);
  assert.equal(await length(second.page), total);
  assert.equal(await position(second.page), at);
  assert.equal(await caption(second.page), words);
  await done(second);

  // Shared at its end, a run opens at its end, at rest.
  const whole = await opened();
  await idle(whole.page);
  await rest(whole.page);
  await toEnd(whole.page);
  const last = await shared(whole);
  const end = await length(whole.page);
  await done(whole);
  const there = await opened(last.slice(last.indexOf('#')));
  await idle(there.page);
  assert.equal(await position(there.page), end);
  assert.equal(await there.page.getByRole('button', { name: /^Pause \(/ }).count(), 0);
  await done(there);

  const cut = await opened(link.slice(link.indexOf('#'), -40).replace(/&at=\d*/, '').slice(0, -20));
  await told(cut.page, /cut short|altered/);
  assert.ok((await length(cut.page)) > 100, 'the preset stays');
  await cut.assertAccessible();
  await done(cut);

  const letters = link.slice(link.indexOf('#')).replace(/&at=\d+/, '');
  const altered = letters.slice(0, 40) + (letters[40] === 'A' ? 'B' : 'A') + letters.slice(41);
  const changed = await opened(altered);
  await told(changed.page, /altered|cut short/);
  assert.ok((await length(changed.page)) > 100);
  await done(changed);
});

test('links of a newer version, and ones that are no links, are told from each other', async () => {
  const newer = await opened('#9.abc');
  await told(newer.page, /version 9/);
  await done(newer);
  const nothing = await opened('#hello');
  await told(nothing.page, /no script/);
  await done(nothing);
});

test('a script too long for a link is offered as a file', async () => {
  const view = await opened();
  await withTempDir(async (dir) => {
    let keys = '';
    let state = 1;
    for (let i = 0; i < 6000; i += 1) {
      state = (state * 48271) % 2147483647;
      keys += `${state}${(state * 7919) % 1000003}\n`;
    }
    await drop(view.page, dir, 'many.txt', keys);
    await logged(view.page, /many\.txt: 6,000 keys/);
    await idle(view.page);
    await view.page.getByRole('button', { name: 'Share', exact: true }).click();
    const dialog = view.page.getByRole('dialog');
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /too long for a link/);
    const [download] = await Promise.all([
      view.page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Save the script' }).click(),
    ]);
    assert.match(await readFile(await download.path(), 'utf8'), /^lab btree[\s\S]*import\n\| /);
  });
  await done(view);
});

test('a dropped script runs; a script for an unknown lab is told, and what was there stays', async () => {
  const view = await opened();
  const { page } = view;
  await dropText(page, 'mine.gb', 'lab btree\r\nset order 4\r\nsequence 1 30\r\n\r\nverify\r\n');
  await logged(page, /sequence 1 30/);
  await toEnd(page);
  assert.equal(await measure(page, 'Records'), '30');
  await dropText(page, 'other.gb', 'lab chess\ninsert 1');
  await told(page, /chess/);
  assert.equal(await measure(page, 'Records'), '30');
  await dropText(page, 'faulty.gb', 'lab btree\ninsert 1\nfly away\ninsert 2');
  await told(page, /1 of the script's lines/);
  assert.match(await logText(page), /line 3, column 1/);
  await toEnd(page);
  assert.equal(await measure(page, 'Records'), '2');
  await done(view);
});

test('an exported trace plays without an engine; cut, altered and newer ones are told', async () => {
  const view = await opened();
  const { page } = view;
  const total = await length(page);
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /^Save the trace/ }).click(),
  ]);
  const trace = await readFile(await download.path(), 'utf8');
  assert.match(trace, /^glassbase-trace 1\n/);
  await page.keyboard.press('Escape');
  await withTempDir(async (dir) => {
    await drop(page, dir, 'run.trace', trace);
    await logged(page, /recorded trace/);
    assert.equal(await length(page), total);
    await rest(page);
    await toEnd(page);
    const records = await measure(page, 'Records');
    await say(page, 'insert 5');
    await told(page, /recorded trace/);
    await drop(page, dir, 'cut.trace', trace.slice(0, trace.length - 30));
    await told(page, /cut\.trace: .*(cut short|altered|line)/);
    await drop(page, dir, 'altered.trace', trace.replace('key=50', 'key=51'));
    await told(page, /altered\.trace: .*altered/);
    await drop(page, dir, 'newer.trace', trace.replace('glassbase-trace 1', 'glassbase-trace 7'));
    await told(page, /newer\.trace: .*version 7/);
    assert.equal(await length(page), total, 'what was there stays');
    await page.getByRole('button', { name: 'Fork here' }).click();
    await logged(page, /run anew/);
    await say(page, 'insert 4712');
    await toEnd(page);
    assert.equal(Number(await measure(page, 'Records')), Number(records) + 1);
  });
  await done(view);
});

test('lists of keys: Windows line ends, blank lines, duplicates, CSV, bytes that are not UTF-8', async () => {
  const view = await opened();
  const { page } = view;
  await withTempDir(async (dir) => {
    await say(page, 'clear');
    await drop(page, dir, 'list.txt', 'ash\r\n\r\nelm\r\nash\r\n  \r\noak\r\n');
    await logged(page, /list\.txt: 4 keys, 1 of them more than once.*2 blank lines/);
    await idle(page);
    await toEnd(page);
    assert.equal(await measure(page, 'Records'), '3');
    await drop(page, dir, 'table.csv', 'fir,1\nyew,2\n');
    await logged(page, /table\.csv: 2 keys/);
    await toEnd(page);
    assert.equal(await measure(page, 'Records'), '5');
    await drop(page, dir, 'raw.txt', Buffer.from([0x61, 0xff, 0xfe, 0x0a, 0x62, 0x0a]));
    await logged(page, /raw\.txt: 2 keys, 1 not in UTF-8/);
    await toEnd(page);
    assert.equal(await measure(page, 'Records'), '7');
    await say(page, 'verify');
    await toEnd(page);
    await page.locator('.badge.holds').waitFor();
  });
  await done(view);
});

test('empty, blank, huge and binary files are each told in a sentence, and nothing is lost', async () => {
  const view = await opened();
  const { page } = view;
  const total = await length(page);
  await withTempDir(async (dir) => {
    await drop(page, dir, 'empty.txt', '');
    await told(page, /empty\.txt.* is empty/);
    await drop(page, dir, 'blank.txt', '\n\n\r\n');
    await told(page, /blank\.txt.*blank/);
    await drop(page, dir, 'photo.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1]));
    await told(page, /photo\.png.*not text/);
    const huge = join(dir, 'huge.txt');
    const file = await open(huge, 'w');
    await file.truncate(200 * 1024 * 1024);
    await file.close();
    const started = Date.now();
    // By a path the browser opens the file itself; its size is refused before a byte is read.
    await dropPath(page, huge);
    await told(page, /huge\.txt.*200 MiB/);
    assert.ok(Date.now() - started < 10_000);
  });
  assert.equal(await length(page), total);
  await view.assertAccessible();
  await done(view);
});

test('a key longer than a quarter of a page is refused with its length', async () => {
  const view = await opened();
  const { page } = view;
  await say(page, `insert ${'k'.repeat(3000)}`);
  await toEnd(page);
  assert.match(await logText(page), /3,?000/);
  await done(view);
});

test('several pasted lines are a list of keys or a script', async () => {
  const view = await opened();
  const { page } = view;
  await view.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await say(page, 'clear');
  await page.evaluate(() => navigator.clipboard.writeText('lime\nrowan\nmaple\n'));
  await page.getByRole('combobox', { name: 'Command' }).focus();
  await page.keyboard.press('Control+v');
  await logged(page, /3 keys/);
  await toEnd(page);
  assert.equal(await measure(page, 'Records'), '3');
  await page.evaluate(() => navigator.clipboard.writeText('lab btree\nset order 4\nsequence 1 9'));
  await page.getByRole('combobox', { name: 'Command' }).focus();
  await page.keyboard.press('Control+v');
  await logged(page, /sequence 1 9/);
  await toEnd(page);
  assert.equal(await measure(page, 'Records'), '9');
  await done(view);
});

/** The Debian word list, from where Debian puts it or out of its package. */
function wordList(dir) {
  const installed = '/usr/share/dict/american-english';
  if (existsSync(installed)) return installed;
  try {
    execFileSync('apt-get', ['download', '-q', 'wamerican'], { cwd: dir, stdio: 'ignore' });
    execFileSync('sh', ['-c', 'dpkg-deb -x wamerican_*.deb words'], { cwd: dir, stdio: 'ignore' });
    return join(dir, 'words/usr/share/dict/american-english');
  } catch {
    return null;
  }
}

test('the Debian word list goes in whole, every word is found, and the tree is valid', async (t) => {
  await withTempDir(async (dir) => {
    const words = wordList(dir);
    if (!words) return t.skip('the package wamerican cannot be had here: install it, or give apt the network');
    const list = (await readFile(words, 'utf8')).trimEnd().split('\n');
    const view = await opened();
    const { page } = view;
    await dropText(page, 'start.gb', 'lab btree\nset frames 4096');
    await logged(page, /set frames 4096/);
    const copy = join(dir, 'words.txt');
    await writeFile(copy, list.join('\n'));
    await dropPath(page, copy);
    await logged(page, new RegExp(`words\\.txt: ${list.length.toLocaleString('en')} keys`), 60_000);
    await idle(page, 120_000);
    await toEnd(page);
    assert.equal(await measure(page, 'Records'), list.length.toLocaleString('en'));
    await say(page, `expect records = ${list.length}`);
    await say(page, 'expect valid');
    for (const word of [list[0], list[52_167], list.at(-1), 'étude']) {
      await say(page, `get "${word}"`);
      await toEnd(page);
      await logged(page, new RegExp(`get "${word}"\\n[^\\n]*${word.slice(0, 3)}`));
    }
    assert.doesNotMatch(await logText(page), /expected|absent|not there/);
    await done(view);
  });
});
