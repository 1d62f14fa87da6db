// What every end-to-end test needs: dist/ served on a free port, a browser, and a page whose every complaint is kept.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, firefox } from 'playwright-core';
import { serve } from './serve.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export const CHROMIUM_ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export function launchChromium(args = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [...CHROMIUM_ARGS, ...args],
  });
}

/** The Firefox of the system, which speaks WebDriver BiDi by itself; there may be none. */
export const FIREFOX = process.env.FIREFOX || ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => existsSync(path));

function launchFirefox() {
  return firefox.launch({ channel: 'moz-firefox', executablePath: FIREFOX });
}

/**
 * Starts a server and a browser. Use it once per test file:
 *
 *   const site = await start();          // start({ base: '/some/path/' }) serves below a path
 *   after(() => site.close());
 *   test('...', async () => { const view = await site.open('#fragment'); ...; view.assertQuiet(); await view.close(); });
 */
export async function start({ base = '/', dir, extra, args, inFirefox = false } = {}) {
  const server = await serve({ base, dir, extra });
  let browser;
  try {
    browser = await (inFirefox ? launchFirefox() : launchChromium(args));
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    browser,
    url: server.url,
    /**
     * Opens a page of its own context: the first lab, unless `path` says another place ('' is the first page). `options` go
     * to Playwright's newContext. `init` runs in it before all else.
     */
    open: (path = '#preset=textbook', options = {}) => open(browser, server.url, path, options),
    /** From now on nothing answers: as without a network, and without the browser knowing of it beforehand. */
    cut: () => server.close(),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

async function open(browser, url, path, { waitFor = 'load', init = null, ...options }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const { origin } = new URL(url);
  const view = {
    page,
    context,
    /** Everything written to the console, as `type: text`. */
    console: [],
    /** Uncaught errors of the page. */
    errors: [],
    /** Requests that left for another host. */
    foreign: [],
    /** Requests that failed or were answered with an error. */
    broken: [],
    /** Violations of the page's Content-Security-Policy. */
    csp: [],

    /** Fails unless the page was silent: no console line, no error, nothing fetched from elsewhere, no refused content. */
    assertQuiet() {
      for (const what of ['console', 'errors', 'foreign', 'broken', 'csp']) {
        assert.deepEqual(view[what], [], `the page's list "${what}" is not empty`);
      }
    },

    /** Accessibility violations found by axe, as short texts; none is []. `within` is a selector or axe context. */
    async axe(within = null, runOptions = {}) {
      // Evaluated rather than added as a script element, which the page's Content-Security-Policy would refuse.
      if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(await readFile(AXE, 'utf8'));
      const { violations } = await page.evaluate(
        // Only violations are told: naming every element that is fine takes axe twice as long as looking at it.
        ([context, options]) => globalThis.axe.run(context ?? document, { resultTypes: ['violations'], ...options }),
        [within, runOptions],
      );
      return violations.map(
        (v) => `${v.id} (${v.impact}): ${v.help}\n${v.nodes.map((n) => `    ${n.target.join(' ')}: ${n.html}`).join('\n')}`,
      );
    },

    async assertAccessible(within, runOptions) {
      assert.deepEqual(await view.axe(within, runOptions), []);
    },

    close: () => context.close(),
  };
  page.on('console', (message) => view.console.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => view.errors.push(String(error.stack || error)));
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (!['data:', 'blob:', 'about:'].includes(to.protocol) && to.origin !== origin) view.foreign.push(request.url());
  });
  page.on('requestfailed', (request) => view.broken.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) view.broken.push(`${response.url()}: ${response.status()}`);
  });
  await page.exposeFunction('__cspViolation', (text) => view.csp.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      globalThis.__cspViolation(`${event.effectiveDirective} refused ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`);
    });
  });
  if (init) await page.addInitScript(init);
  await page.goto(new URL(path, url).href, { waitUntil: waitFor });
  return view;
}

/** A directory that lasts for the duration of `work(dir)`. */
export async function withTempDir(work) {
  const dir = await mkdtemp(join(tmpdir(), 'glassbase-'));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
