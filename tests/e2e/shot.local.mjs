import { start } from './harness.mjs';
const site = await start();
const args = process.argv.slice(2);
const jobs = args.length ? args : ['1440x900:light', '1440x900:dark', '360x640:light'];
for (const job of jobs) {
  const [size, scheme = 'light', path = '', wait = '1500', act = ''] = job.split(':');
  const [width, height] = size.split('x').map(Number);
  const view = await site.open(path.replace('%', '#'), { viewport: { width, height }, colorScheme: scheme });
  await view.page.waitForTimeout(Number(wait));
  for (const step of act.split(';').filter(Boolean)) {
    const [what, ...rest] = step.split('=');
    if (what === 'key') await view.page.keyboard.press(rest.join('='));
    if (what === 'click') await view.page.locator(rest.join('=')).first().click();
    if (what === 'type') { await view.page.locator('#command').fill(rest.join('=')); await view.page.keyboard.press('Enter'); }
    if (what === 'wait') await view.page.waitForTimeout(Number(rest[0]));
  }
  const name = `/tmp/shots/${size}-${scheme}${path.replace(/[^a-z0-9]/gi, '_')}${act.replace(/[^a-z0-9]/gi, '_').slice(0, 40)}.png`;
  await view.page.screenshot({ path: name });
  console.log(name, JSON.stringify({ console: view.console, errors: view.errors, csp: view.csp, broken: view.broken }));
  if (process.env.AXE) console.log((await view.axe()).join('\n'));
  await view.close();
}
await site.close();
