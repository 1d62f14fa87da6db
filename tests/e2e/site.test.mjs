// The site around the labs: the first page, the catalogue, the search, the glossary, the reference, and life without a network.
import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { start, withTempDir } from './harness.mjs';
import { DIST } from './serve.mjs';
import { dropText, idle, length, logged, position, ready, rest, say } from './page.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
let site;
before(async () => {
  site = await start();
});
after(() => site.close());

const home = (options) => site.open('', options).then(ready);
const heading = (page) => page.locator('h1').first().innerText();
const fragment = (page) => page.evaluate(() => location.hash);
const labOf = (page) => page.locator('.crumb strong').innerText();
async function done(view) {
  view.assertQuiet();
  await view.close();
}

test('on the first page a real run is alive, and can be opened as it stands', async () => {
  const view = await home();
  const { page } = view;
  assert.equal(await heading(page), 'A whole database, behind glass');
  const said = () => page.locator('.now .said').innerText();
  const before = await said();
  await page.waitForFunction((before) => document.querySelector('.now .said').innerText !== before, before);
  assert.ok((await page.locator('.hero .plate-things .shape').count()) > 10);
  await page.getByRole('button', { name: 'Open this run' }).click();
  await page.locator('.transport').waitFor();
  assert.match(await fragment(page), /^#preset=/);
  const there = await position(page);
  assert.ok(there > 0 && there < (await length(page)), `at ${there}`);
  await page.goBack();
  await page.locator('.hero').waitFor();
  assert.equal(await fragment(page), '');
  await done(view);
});

test('the run of the first page is the whole stack: requests go through it, and it goes on when it is opened', async () => {
  const view = await home({ viewport: { width: 1440, height: 900 } });
  const { page } = view;
  await page.waitForFunction(() => /served by/.test(document.querySelector('.hero .plate-things')?.textContent ?? ''), null, { timeout: 30_000 });
  const said = await page.locator('.hero .plate-things').textContent();
  for (const word of ['clients', 'app1', 'l2-1', 'router', 's4']) assert.ok(said.includes(word), `${word}: ${said}`);
  await page.getByRole('button', { name: 'Open this run' }).click();
  await page.getByRole('button', { name: 'Script', exact: true }).click();
  assert.match(await page.locator('#script-text').inputValue(), /^lab stack\n/);
  await done(view);
});

for (const [name, options] of [['a desk', {}], ['a phone', PHONE], ['a desk at night', { colorScheme: 'dark' }]]) {
  test(`every page of the site is accessible and as wide as ${name}`, async () => {
    const view = await home({ reducedMotion: 'reduce', ...options });
    const { page } = view;
    for (const place of ['', 'glossary=split', 'reference', 'reference=raft/partition']) {
      await page.evaluate((place) => (location.hash = place), place);
      await page.waitForTimeout(300);
      await view.assertAccessible();
      const wide = await page.evaluate(() => document.getElementById('site').scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${place}: ${wide} px too wide`);
    }
    await done(view);
  });
}

test('the catalogue has every lab, with a picture of a run when it is looked at, and leads there', async () => {
  const view = await home();
  const { page } = view;
  assert.equal(await page.locator('.thumb svg').count(), 0, 'pictures come when they are looked at');
  const titles = await page.locator('.lab-card h4').allInnerTexts();
  assert.ok(titles.length >= 15);
  for (const [index, title] of titles.entries()) {
    const card = page.locator('.lab-card').nth(index);
    await card.scrollIntoViewIfNeeded();
    await card.locator('.thumb svg').first().waitFor({ timeout: 20_000 });
    await page.waitForFunction((index) => document.querySelectorAll('.lab-card')[index].querySelectorAll('.thumb text, .thumb rect').length > 4, index);
    if (index % 4 !== 1) continue;
    await card.getByRole('link').click();
    await page.locator('.transport').waitFor();
    assert.equal(await labOf(page), title);
    await page.getByRole('link', { name: 'Glassbase' }).click();
    await page.locator('.hero').waitFor();
  }
  await done(view);
});

test('a picture of the catalogue plays while the mouse is on it', async () => {
  const view = await home();
  const { page } = view;
  const card = page.locator('.lab-card').filter({ hasText: 'B+tree' }).first();
  await card.scrollIntoViewIfNeeded();
  await card.locator('.thumb svg').first().waitFor();
  const picture = () => card.locator('.thumb').innerHTML();
  const poster = await picture();
  await page.waitForTimeout(300);
  assert.equal(await picture(), poster, 'it rests');
  await card.hover();
  await page.waitForTimeout(600);
  assert.notEqual(await picture(), poster);
  await done(view);
});

test('back and forward lead through the pages, and a lab is found as it was left', async () => {
  const view = await home();
  const { page } = view;
  await page.locator('.path').getByRole('link', { name: 'Textbook tree of order 4' }).click();
  await idle(page);
  await say(page, 'insert 4711');
  await logged(page, /insert 4711/);
  await rest(page);
  const [at, all] = [await position(page), await length(page)];
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /^Search/ }).fill('write-ahead log');
  await page.keyboard.press('Enter');
  await page.locator('.term.here').waitFor();
  assert.equal(await fragment(page), '#glossary=write-ahead-log');
  assert.equal(await page.title(), 'Glossary - Glassbase');
  await page.goBack();
  await page.locator('.transport').waitFor();
  assert.deepEqual([await position(page), await length(page)], [at, all]);
  await page.getByRole('link', { name: 'Glassbase' }).click();
  await page.locator('.hero').waitFor();
  await page.goBack();
  await page.locator('.transport').waitFor();
  assert.deepEqual([await position(page), await length(page)], [at, all]);
  assert.match(await page.title(), /^B\+tree: /);
  await page.goBack();
  await page.locator('.hero').waitFor();
  await page.goForward();
  await page.locator('.transport').waitFor();
  assert.equal(await length(page), all);
  await done(view);
});

test('presets are steps of the history, each with an address', async () => {
  const view = await ready(await site.open('#preset=raft/election'));
  const { page } = view;
  await page.locator('.presets button').nth(1).click();
  assert.equal(await fragment(page), '#preset=raft/partition');
  await page.getByRole('button', { name: 'Paxos', exact: true }).click();
  assert.equal(await fragment(page), '#preset=paxos/one-value');
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('.crumb strong').innerText === 'Raft');
  assert.equal(await page.locator('.presets [aria-current]').innerText(), await page.locator('.presets button').nth(1).innerText());
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('.presets button').getAttribute('aria-current') === 'true');
  await done(view);
});

test('the lab that is open is seen in the list of labs, on a low screen too', async () => {
  const view = await ready(await site.open('#preset=textbook', { viewport: { width: 1280, height: 640 } }));
  const { page } = view;
  for (const place of ['transactions/two-phase', 'textbook', 'raft/election']) {
    await page.evaluate((place) => (location.hash = `preset=${place}`), place);
    await page.waitForFunction(() => {
      const [list, lab] = ['#nav', '.labs .lab[aria-current]'].map((one) => document.querySelector(one).getBoundingClientRect());
      return lab.top >= list.top && lab.bottom <= list.bottom;
    });
    assert.match(await fragment(page), new RegExp(place));
  }
  await done(view);
});

test('the search finds labs, runs, commands and words, by the keyboard alone', async () => {
  const view = await home();
  const { page } = view;
  const field = page.getByRole('combobox', { name: /^Search/ });
  await page.keyboard.press('/');
  await field.waitFor();
  await page.keyboard.type('quorums');
  assert.match(await page.locator('#found [aria-selected=true]').innerText(), /^lab\s+Quorums/);
  await view.assertAccessible('dialog');
  await page.keyboard.press('Enter');
  await page.locator('.transport').waitFor();
  assert.equal(await labOf(page), 'Quorums');
  await page.keyboard.press('Control+k');
  await field.fill('delete-range');
  await page.keyboard.press('Enter');
  await page.locator('.entry.here').waitFor();
  assert.equal(await fragment(page), '#reference=lsm/delete-range');
  await page.keyboard.press('/');
  await field.fill('no such thing');
  await page.getByText('Nothing is called that').waitFor();
  await field.fill('lost');
  const first = await page.locator('#found [aria-selected=true]').innerText();
  await page.keyboard.press('ArrowDown');
  assert.notEqual(await page.locator('#found [aria-selected=true]').innerText(), first);
  await page.keyboard.press('ArrowUp');
  assert.equal(await page.locator('#found [aria-selected=true]').innerText(), first);
  await page.keyboard.press('Escape');
  await field.waitFor({ state: 'detached' });
  await done(view);
});

test('a word of the glossary opens the run that shows it', async () => {
  const view = await site.open('#glossary=torn-page');
  const { page } = view;
  const entry = page.locator('.term.here');
  await entry.waitFor();
  assert.ok(await entry.evaluate((one) => one.getBoundingClientRect().top >= 40 && one.getBoundingClientRect().bottom <= innerHeight));
  await entry.locator('.shows a').click();
  await page.locator('.transport').waitFor();
  assert.equal(await fragment(page), '#preset=log/torn-page');
  await done(view);
});

test('what is not there is said, and leaves all as it is', async () => {
  const view = await site.open('#glossary=no-such-word');
  const { page } = view;
  await page.getByText('There is no entry').waitFor();
  await page.evaluate(() => (location.hash = 'reference=nothing'));
  await page.getByText('There is no lab').waitFor();
  await page.evaluate(() => (location.hash = 'preset=nothing'));
  await page.locator('.notice.bad').waitFor();
  assert.equal(await heading(page), 'Reference');
  await done(view);
});

test('a file that is dropped on the first page opens in its lab', async () => {
  const view = await home();
  const { page } = view;
  await dropText(page, 'mine.gb', 'lab lsm\nput 1 one\n');
  await page.locator('.transport').waitFor();
  assert.equal(await labOf(page), 'LSM tree');
  await page.reload();
  await ready(view);
  assert.equal(await labOf(page), 'LSM tree', 'its address names it');
  await page.goBack();
  await page.locator('.hero').waitFor();
  await done(view);
});

/** Waits until all files of the page are kept, and so many versions of them. */
const isKept = (page, times = 1) =>
  page.evaluate(async (times) => {
    for (let left = 200; left > 0; left--) {
      const names = (await caches.keys()).filter((name) => name.startsWith('glassbase '));
      const { active, installing, waiting } = (await navigator.serviceWorker.getRegistration()) ?? {};
      const calm = active?.state === 'activated' && !installing && !waiting;
      if (names.length >= times && calm && navigator.serviceWorker.controller) return;
      await new Promise((then) => setTimeout(then, 100));
    }
    throw new Error('the page was not kept within 20 seconds');
  }, times);

for (const base of ['/', '/some/where/below/']) {
  test(`after the first visit the page served at ${base} needs no network`, async () => {
    const other = await start({ base });
    try {
      const view = await ready(await other.open(''));
      const { page } = view;
      await isKept(page);
      view.assertQuiet();
      await other.cut();
      await page.reload();
      await ready(view);
      assert.equal(await heading(page), 'A whole database, behind glass');
      await page.goto(new URL('?embed#preset=raft/election', other.url).href);
      await ready(view);
      await page.locator('.transport').waitFor();
      assert.deepEqual(view.errors, []);
      await view.close();
    } finally {
      await other.close();
    }
  });
}

test('a new version takes over with the next visit, online and off', async () => {
  await withTempDir(async (dir) => {
    const dist = join(dir, 'dist');
    await cp(DIST, dist, { recursive: true });
    const other = await start({ dir: dist });
    try {
      const view = await ready(await other.open(''));
      const { page } = view;
      await isKept(page);
      const index = await readFile(join(dist, 'index.html'), 'utf8');
      await writeFile(join(dist, 'index.html'), index.replace('<title>Glassbase</title>', '<title>Glassbase</title><meta name="newer">'));
      const worker = await readFile(join(dist, 'service-worker.js'), 'utf8');
      await writeFile(join(dist, 'service-worker.js'), worker.replace(/VERSION = "\w+"/, 'VERSION = "newer"'));
      await page.reload();
      await ready(view);
      assert.equal(await page.locator('meta[name=newer]').count(), 1, 'who is online has the newest');
      await isKept(page, 2);
      await other.cut();
      await page.reload();
      await ready(view);
      assert.equal(await page.locator('meta[name=newer]').count(), 1, 'and so has who is not');
      await view.close();
    } finally {
      await other.close();
    }
  });
});
