// The labs of clusters: what a hand does on the stage and on the diagram of time, by mouse and by keyboard.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { caption, idle, length, logText, logged, position, rest, say, settled, toEnd, visits } from './page.mjs';
import { goTo, textProblems } from './presets.mjs';

const { opened, done } = visits();
const DESK = { viewport: { width: 1440, height: 900 } };

const link = (lines) => `#1.${deflateSync(lines.join('\n')).toString('base64url')}`;

const plate = (page) => page.locator('.plate').first();
const deeds = (page) => page.locator('.plate-deeds');

async function lab(page, preset, part) {
  await rest(page);
  await idle(page, 240_000);
  if (part === 1) await toEnd(page);
  else await goTo(page, part);
  await page.waitForTimeout(500);
}

async function middle(locator) {
  const box = await locator.boundingBox();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, box };
}

/** Where a shape with such a title is. */
const titled = (page, pattern) => page.locator('.plate-things .shape', { has: page.locator('title', { hasText: pattern }) });

test('every lab of clusters opens, and the first preset of each plays', async () => {
  const view = await opened(undefined, DESK);
  const { page } = view;
  for (const name of ['Raft', 'Quorums', 'Multi-leader', 'Clocks']) {
    await page.getByRole('button', { name, exact: true }).click();
    await idle(page, 240_000);
    await rest(page);
    await toEnd(page);
    await page.waitForTimeout(400);
    assert.ok((await page.locator('.shape.card').count()) >= 2, name);
    assert.ok((await page.locator('.shape.arrow').count()) >= 4, name);
    assert.deepEqual(await textProblems(page), [], name);
  }
  await view.assertAccessible();
  await done(view);
});

test('a stroke across links parts the nodes from that moment on, and Heal mends them', async () => {
  const view = await opened('#preset=raft/election', DESK);
  const { page } = view;
  await lab(page, 'raft/election', 1);
  const [one, two, three] = await Promise.all(['n1', 'n2', 'n3'].map((name) => middle(titled(page, new RegExp(`^${name},`)).first())));
  // Between n1 above and the two below.
  const y = (one.box.y + one.box.height + two.box.y) / 2;
  const [left, right] = [Math.min(two.x, three.x), Math.max(two.x, three.x)];
  const long = await length(page);
  await page.mouse.move(left - 40, y);
  await page.mouse.down();
  await page.mouse.move((left + right) / 2, y, { steps: 6 });
  assert.equal(await page.locator('.cutting-line').count(), 1);
  await page.mouse.move(right + 40, y, { steps: 6 });
  await page.mouse.up();
  await logged(page, /partition n1 \| n2 n3/);
  await page.waitForFunction((long) => Number(document.querySelector('[aria-label=Playhead]').getAttribute('aria-valuemax')) > long, long);
  await toEnd(page);
  assert.equal(await page.locator('.cutting-line').count(), 0);
  assert.equal(await page.locator('.shape.link.failed').count(), 2);
  await page.getByRole('button', { name: 'Heal', exact: true }).click();
  await logged(page, /^heal$/m);
  await toEnd(page);
  await page.waitForTimeout(500);
  assert.equal(await page.locator('.shape.link.failed').count(), 0);
  await done(view);
});

test('a message that is clicked in its flight is dropped at that very moment', async () => {
  const view = await opened('#preset=raft/election', DESK);
  const { page } = view;
  await lab(page, 'raft/election', 0.2);
  // On to a moment at which something flies.
  for (let step = 0; step < 40 && !(await page.locator('.shape.message').count()); step++) {
    await page.getByRole('button', { name: /^Forward one event|^On one event|^Next event/ }).click();
  }
  await page.waitForTimeout(400);
  const message = page.locator('.shape.message').first();
  const at = await middle(message);
  await page.mouse.click(at.x, at.y);
  await deeds(page).waitFor();
  assert.match(await deeds(page).innerText(), /message \d+/);
  const number = (await deeds(page).innerText()).match(/message (\d+)/)[1];
  await page.getByRole('button', { name: 'Drop', exact: true }).click();
  await idle(page, 60_000);
  await logged(page, new RegExp(`at [\\d.]+ms drop ${number}`));
  await rest(page);
  await toEnd(page);
  assert.doesNotMatch(await logText(page), /failed: at |not understood|There is no/);
  await done(view);
});

test('a node is paused and crashed by buttons, by keyboard alone', async () => {
  const view = await opened('#preset=raft/election', DESK);
  const { page } = view;
  await lab(page, 'raft/election', 1);
  const card = titled(page, /^n1,/).first();
  await card.focus();
  await page.keyboard.press('Enter');
  await deeds(page).waitFor();
  await page.getByRole('button', { name: 'Pause', exact: true }).last().focus();
  await page.keyboard.press('Enter');
  await logged(page, /^pause n1$/m);
  await rest(page);
  await toEnd(page);
  await page.waitForTimeout(400);
  assert.match(await titled(page, /^n1,/).first().locator('title').textContent(), /paused/);
  await page.getByRole('button', { name: 'Crash', exact: true }).focus();
  await page.keyboard.press('Enter');
  await logged(page, /^crash n1$/m);
  await view.assertAccessible();
  await done(view);
});

test('the diagram of time: a click goes to a moment, the wheel comes closer, a drag pulls it, an arrow lights its causes', async () => {
  const view = await opened('#preset=raft/election', DESK);
  const { page } = view;
  await lab(page, 'raft/election', 0.5);
  const cursor = await page.locator('.shape.cursor').boundingBox();
  const before = await position(page);
  // The ground above the first line, to the right of the cursor: no shape is there.
  const ground = { x: cursor.x + 120, y: cursor.y - 8 };
  await page.mouse.click(ground.x, ground.y);
  await page.waitForTimeout(500);
  assert.ok((await position(page)) > before, 'a click to the right of the cursor goes on in time');
  const ticks = () => page.locator('.shape.quiet text', { hasText: /ms$|s$/ }).allInnerTexts();
  const wide = await ticks();
  await page.mouse.move(ground.x, ground.y);
  await page.mouse.wheel(0, -600);
  await page.waitForTimeout(300);
  const close = await ticks();
  assert.notDeepEqual(close, wide);
  await page.mouse.down();
  await page.mouse.move(ground.x - 260, ground.y, { steps: 5 });
  await page.mouse.up();
  await page.waitForTimeout(300);
  assert.notDeepEqual(await ticks(), close);
  await page.getByRole('button', { name: 'Space-time diagram alone' }).click();
  await page.waitForTimeout(400);
  assert.equal(await page.locator('.shape.card').count(), 0);
  const arrow = page.locator('.shape.arrow').nth(2);
  await arrow.focus();
  await page.keyboard.press('Enter');
  await page.waitForTimeout(300);
  assert.ok((await page.locator('.shape.arrow.dirty, .shape.arrow.logged').count()) > 0, 'past and future are lit');
  await page.getByRole('button', { name: 'Stage alone' }).click();
  await page.waitForTimeout(400);
  assert.equal(await page.locator('.shape.arrow').count(), 0);
  await done(view);
});

test('the badge of a checker that is clicked goes to the moment it is about', async () => {
  const view = await opened('#preset=raft/lease', DESK);
  const { page } = view;
  await lab(page, 'raft/lease', 1);
  const bad = page.locator('.shape.badge.bad').first();
  assert.equal(await page.locator('.shape.badge.bad').count(), 1);
  const end = await position(page);
  const at = await middle(bad);
  await page.mouse.click(at.x, at.y);
  await page.waitForTimeout(500);
  assert.ok((await position(page)) < end, 'the violation came before the check');
  assert.ok((await caption(page)).length > 10);
  assert.ok((await page.locator('.shape.break').count()) > 0, 'the moment stands in the diagram');
  assert.ok((await page.locator('.shape.deal.broken').count()) > 0, 'and the answer that breaks it');
  await done(view);
});

test('on a phone the stage fits, its texts can be read, and the tools cover nothing of it', async () => {
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
  const view = await opened('#preset=raft/partition', phone);
  const { page } = view;
  await lab(page, 'raft/partition', 0.5);
  assert.deepEqual(await textProblems(page), []);
  const tools = await page.locator('.time-tools').boundingBox();
  for (const card of await page.locator('.shape.card').all()) {
    const box = await card.boundingBox();
    assert.ok(box.y + box.height <= tools.y + 1 && box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
  }
  await done(view);
});

test('more nodes than can be drawn one by one are a map, and each of its cells can be selected', async () => {
  const view = await opened('#preset=raft/election', DESK);
  const { page } = view;
  await rest(page);
  await say(page, 'set nodes 60');
  await say(page, 'run 50ms unrecorded');
  await idle(page, 240_000);
  await toEnd(page);
  await page.waitForTimeout(500);
  assert.equal(await page.locator('.shape.card').count(), 0);
  assert.match(await plate(page).textContent(), /60 nodes/);
  const map = page.locator('[data-map]').first();
  await map.focus();
  await page.keyboard.press('Enter');
  await deeds(page).waitFor();
  assert.match(await deeds(page).innerText(), /^n\d+/);
  await page.keyboard.press('Escape');
  await say(page, 'crash n7');
  await say(page, 'pause n9');
  await idle(page);
  await toEnd(page);
  await settled(page);
  const numbers = await plate(page).textContent();
  assert.match(numbers, /messages a second in all/);
  assert.match(numbers, /versions? behind/);
  assert.match(numbers, /paused or slow 1/);
  assert.match(numbers, /down 1/);
  // The seventh cell says that it is down when the mouse is on it.
  const { box } = await middle(map);
  const cell = 28;
  await page.mouse.move(box.x + cell * 6.4, box.y + 12);
  assert.match(await map.locator('title').textContent(), /node 7: down/);
  await view.assertAccessible();
  await done(view);
});

test('a crowd of messages is on a canvas; each of them can be clicked, and all are told in words', async () => {
  const load = 'load 400 writes 50 keys 20 rate 8000';
  const script = ['lab quorum', 'set nodes 15', 'set clients 90', 'set replicas 5', 'set latency 20ms', 'set timeout 2s', 'record on', load, ''];
  const view = await opened(link(script), DESK);
  const { page } = view;
  await lab(page, '', 0.5);
  const canvas = page.locator('.plate-maps canvas[role=img]');
  const words = await canvas.getAttribute('aria-label');
  const count = Number(words.match(/^(\d+) messages on their way: /)[1]);
  assert.ok(count > 100, words);
  assert.equal(await page.locator('.shape.message').count(), 0);
  // Somewhere between the nodes a message is hit: the inspector tells of it, and it is a shape of its own.
  const { box } = await middle(plate(page));
  let hit = false;
  for (let step = 0; step < 60 && !hit; step++) {
    await page.mouse.click(box.x + box.width * (0.35 + (step % 12) * 0.035), box.y + 130 + Math.floor(step / 12) * 40);
    hit = (await page.locator('.shape.message').count()) > 0;
  }
  assert.ok(hit, 'a message was clicked');
  assert.match(await deeds(page).innerText(), /message \d+/);
  await view.assertAccessible();
  await done(view);
});

test('a badge that says violated shows the smallest part on a timeline of the history, with the faults', async () => {
  const view = await opened('#preset=raft/lease', DESK);
  const { page } = view;
  await lab(page, 'raft/lease', 1);
  const at = await middle(page.locator('.shape.badge.bad').first());
  await page.mouse.click(at.x, at.y);
  await settled(page);
  assert.equal(await page.locator('.shape.deal.broken').count(), 1);
  assert.ok((await page.locator('.shape.deal.part').count()) >= 1, 'what it contradicts stands beside it');
  assert.match(await page.locator('.shape.deal.broken title').textContent(), /: read: .*nothing explains it/);
  assert.match(await plate(page).textContent(), /operations that show it/);
  assert.equal(await page.locator('.shape.arrow').count(), 0);
  assert.deepEqual(await textProblems(page), []);
  await view.assertAccessible();
  await done(view);
});

for (const [store, title] of [['btree', 'Log and recovery'], ['lsm', 'LSM tree']]) {
  test(`the door into a node's ${store} shows its store at that moment, and leads back to it`, async () => {
    const view = await opened(link(['lab quorum', 'set nodes 3', `set store ${store}`, 'load 20 writes 60 keys 12', '']), DESK);
    const { page } = view;
    await lab(page, '', 0.6);
    const before = await position(page);
    const clock = (await page.locator('.transport').innerText()).match(/[\d.,]+ (ms|s)/)[0];
    await titled(page, /^n1,/).first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Its store', exact: true }).click();
    await idle(page);
    await settled(page);
    assert.match(await page.locator('header').innerText(), new RegExp(`${title}[^]*the store of n1`));
    assert.ok((await page.locator('.transport').innerText()).includes(clock), 'the same moment of virtual time');
    assert.ok((await page.locator('.plate-things .shape').count()) > 10, 'its log, its pages or its memtable');
    // It does not go on by itself, and says so; the way back stays.
    await page.getByRole('button', { name: /^Fork here/ }).click();
    await page.getByText(/does not go on by itself/).waitFor();
    await say(page, 'put 1 2');
    await view.assertAccessible();
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await settled(page);
    assert.equal(await position(page), before);
    assert.match(await page.locator('header').innerText(), /Quorums/);
    assert.equal(await page.locator('.shape.card').count(), 3);
    await done(view);
  });
}

test('a node that keeps its data in memory has no store to look into, and says how to get one', async () => {
  const view = await opened(link(['lab quorum', 'set nodes 3', 'put x 1', 'wait', '']), DESK);
  const { page } = view;
  await lab(page, '', 0.6);
  const before = await position(page);
  await titled(page, /^n1,/).first().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Its store', exact: true }).click();
  await page.getByText(/n1 keeps its data in memory, without pages: set the store to btree or lsm/).first().waitFor();
  assert.equal(await position(page), before);
  await done(view);
});
