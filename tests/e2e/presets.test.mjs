// Every preset opens by its link, is accessible, silent, and photographed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './harness.mjs';
import { openPreset, picture, presetNames } from './presets.mjs';

let site;
before(async () => {
  site = await start();
});
after(() => site.close());

test('every preset opens by its link; axe finds nothing; a picture of it is written', async () => {
  const names = await presetNames(site);
  assert.ok(names.length >= 8);
  for (const name of names) {
    const view = await openPreset(site, name, { viewport: { width: 1440, height: 900 } });
    assert.equal(await view.page.locator('.notice.bad').count(), 0, name);
    await view.assertAccessible();
    view.assertQuiet();
    await picture(view, name);
    await view.close();
  }
});
