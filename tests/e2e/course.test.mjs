// The worked course page: three labs between paragraphs, one program, and a page that stays as it is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './harness.mjs';

let site;
before(async () => {
  site = await start();
});
after(() => site.close());

const lab = (page, id) => page.locator(`#${id}`);
const state = (page, id) => page.evaluate((id) => document.getElementById(id).state(), id);
const call = (page, id, name, argument) =>
  page.evaluate(([id, name, argument]) => document.getElementById(id)[name](argument), [id, name, argument]);

/** The page with all of its labs standing; `words` keeps the events that they tell. */
async function opened(options) {
  const view = await site.open('course.html', options);
  await view.page.evaluate(async () => {
    globalThis.words = [];
    for (const element of document.querySelectorAll('glassbase-lab')) {
      for (const word of ['step', 'violation', 'goal', 'error']) {
        element.addEventListener(word, ({ detail }) => globalThis.words.push({ id: element.id, word, ...detail }));
      }
    }
    await Promise.all([...document.querySelectorAll('glassbase-lab')].map((element) => element.state()));
  });
  return view;
}

async function done(view) {
  view.assertQuiet();
  await view.close();
}

test('three labs stand in one page, by one program', async () => {
  const view = await opened();
  const { page } = view;
  const fetched = await page.evaluate(() => performance.getEntriesByType('resource').map((entry) => entry.name));
  assert.equal(fetched.filter((name) => name.endsWith('.wasm')).length, 1, 'one wasm for all');
  assert.deepEqual((await Promise.all(['split', 'quorum', 'crash'].map((id) => state(page, id)))).map((one) => one.lab), ['btree', 'quorum', 'log']);
  // What the page says of itself, the labs leave as it is.
  const looks = await page.evaluate(() => {
    const style = (selector) => getComputedStyle(document.querySelector(selector));
    return [style('body').fontFamily.startsWith('Georgia'), style('#split-insert').borderTopLeftRadius, style('html').fontSize, location.hash];
  });
  assert.deepEqual(looks, [true, '0px', '20px', '']);
  // And the other way round: the letters of a lab do not follow the page's.
  const inside = await page.evaluate(() => getComputedStyle(document.querySelector('#split').shadowRoot.querySelector('.caption')).fontFamily);
  assert.ok(!inside.includes('Georgia'), inside);
  await view.assertAccessible();
  await done(view);
});

test('a question stops the run until its answer is asked for', async () => {
  const view = await opened();
  const { page } = view;
  await call(page, 'split', 'seek', 'end');
  let now = await state(page, 'split');
  assert.ok(now.asking && now.position < now.length, JSON.stringify(now));
  assert.match(now.caption, /Where will 25 go/);
  assert.equal(now.measures.height, 1);
  await lab(page, 'split').getByRole('button', { name: 'Show what happens' }).click();
  await call(page, 'split', 'seek', 'end');
  now = await state(page, 'split');
  assert.match(now.caption, /new root hold/);
  assert.equal(now.measures.height, 2);
  await call(page, 'split', 'reveal');
  await call(page, 'split', 'seek', 'end');
  await call(page, 'split', 'reveal');
  await call(page, 'split', 'seek', 'end');
  now = await state(page, 'split');
  assert.equal(now.position, now.length);
  const goals = await page.evaluate(() => globalThis.words.filter(({ word }) => word === 'goal'));
  assert.deepEqual(goals.map(({ id, text }) => [id, text]), [['split', 'expect height = 2']]);
  await done(view);
});

test('a reader goes on with a key of their own, and is told what is wrong with it', async () => {
  const view = await opened();
  const { page } = view;
  await page.locator('#split-key').fill('35');
  await page.getByRole('button', { name: 'Insert it' }).click();
  await page.waitForFunction(() => document.getElementById('split-says').textContent !== '');
  assert.ok((await state(page, 'split')).script.endsWith('insert 35'));
  await page.locator('#split-key').fill('35 and 36');
  await page.getByRole('button', { name: 'Insert it' }).click();
  await page.waitForFunction(() => document.getElementById('split-says').textContent.startsWith('Line'));
  const refused = await page.evaluate(async () => {
    const element = document.getElementById('split');
    const told = async (promise) => promise.then(() => null, ({ code, message, problems }) => ({ code, message, problems: problems.length }));
    return [
      await told(element.run('inset 1')),
      await told(element.run()),
      await told(element.seek(-1)),
      await told(element.speed(3)),
      await told(element.open({ preset: 'textbok' })),
      await told(element.open({ lab: 'tree' })),
      await told(element.open({ link: 'https://elsewhere.example/#1.eNor' })),
    ];
  });
  assert.deepEqual(refused.map(({ code }) => code), ['syntax', 'argument', 'argument', 'argument', 'preset', 'lab', 'link']);
  assert.match(refused[0].message, /insert/);
  assert.equal(refused[0].problems, 1);
  await done(view);
});

test('the checker speaks, and is silent once enough nodes are asked', async () => {
  const view = await opened();
  const { page } = view;
  for (let question = 0; question < 2; question += 1) await call(page, 'quorum', 'reveal');
  await call(page, 'quorum', 'seek', 'end');
  await page.waitForFunction(() => document.getElementById('quorum-says').textContent.startsWith('Violated'));
  await page.getByRole('button', { name: 'The same with R = 2' }).click();
  await page.waitForFunction(async () => (await document.getElementById('quorum').state()).script.includes('set read 2'));
  for (let question = 0; question < 2; question += 1) await call(page, 'quorum', 'reveal');
  await call(page, 'quorum', 'seek', 'end');
  const now = await state(page, 'quorum');
  assert.equal(now.position, now.length);
  assert.equal(await page.locator('#quorum-says').textContent(), 'The checker has not spoken yet.');
  await done(view);
});

test('what was expected after the crash comes true, and a fork goes another way', async () => {
  const view = await opened();
  const { page } = view;
  await page.getByRole('button', { name: 'Let the power fail once more' }).click();
  await page.waitForFunction(async () => (await document.getElementById('crash').state()).script.endsWith('expect get 10 = ash'));
  await call(page, 'crash', 'seek', 'end');
  const whole = await state(page, 'crash');
  assert.deepEqual([whole.held, whole.failed], [5, 0]);
  const forked = await call(page, 'crash', 'fork', 60);
  assert.ok(forked.length < whole.length && !forked.script.includes('LOST'), forked.script);
  await call(page, 'crash', 'run', 'expect keys = 99');
  await call(page, 'crash', 'seek', 'end');
  const violations = await page.evaluate(() => globalThis.words.filter(({ word, id }) => word === 'violation' && id === 'crash'));
  assert.equal(violations.length, 1);
  await done(view);
});

test('keys, drops and links of the page are the page\'s, those inside are the lab\'s', async () => {
  const view = await opened();
  const { page } = view;
  await call(page, 'crash', 'seek', 'start');
  const at = async () => (await state(page, 'crash')).position;
  await page.locator('#split-key').focus();
  await page.keyboard.press('End');
  await page.locator('main > h1').click();
  await page.keyboard.press('ArrowRight');
  await page.evaluate(() => {
    location.hash = '#preset=uuid';
  });
  assert.equal(await at(), 0);
  assert.equal((await state(page, 'split')).lab, 'btree');
  assert.ok(!(await state(page, 'split')).script.includes('uuid'));
  await lab(page, 'crash').getByRole('slider', { name: 'Playhead' }).focus();
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  assert.ok((await at()) > 0);
  assert.equal((await state(page, 'quorum')).position < (await state(page, 'quorum')).length, true);
  await done(view);
});

test('an element follows its attributes, and leaves nothing behind when it goes', async () => {
  const view = await opened();
  const { page } = view;
  const seen = await page.evaluate(async () => {
    const element = document.createElement('glassbase-lab');
    const words = [];
    for (const word of ['ready', 'error']) element.addEventListener(word, ({ detail }) => words.push([word, detail.lab ?? detail.code]));
    element.setAttribute('lab', 'raft');
    element.setAttribute('height', '300');
    document.querySelector('main').prepend(element);
    const first = (await element.state()).lab;
    element.setAttribute('preset', 'uuid');
    element.setAttribute('lab', 'btree');
    await new Promise((done) => setTimeout(done, 300));
    const second = (await element.state()).script.includes('uuid');
    const height = element.offsetHeight;
    element.setAttribute('script', '<img src=x onerror=alert(1)>');
    await new Promise((done) => setTimeout(done, 300));
    const pending = element.state().catch((error) => error.code);
    element.remove();
    await pending;
    const gone = await element.state().catch((error) => error.code);
    return { gone, first, second, height, words, shadows: element.shadowRoot.querySelectorAll('img').length };
  });
  assert.deepEqual(seen, { gone: 'closed', first: 'raft', second: true, height: 300, words: [['ready', 'raft'], ['error', 'syntax']], shadows: 0 });
  await done(view);
});

test('a lab may be as narrow as a phone', async () => {
  const view = await opened({ viewport: { width: 320, height: 640 } });
  const wide = await view.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 320, `the page is ${wide} pixels wide`);
  await view.assertAccessible();
  await done(view);
});
