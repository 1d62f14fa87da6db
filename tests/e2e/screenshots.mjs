// Pictures of every preset, light and dark, on a desk and on a phone. Run by `make shots`.
import { start } from './harness.mjs';
import { FOLDER, openPreset, picture, presetNames } from './presets.mjs';

const SCREENS = [
  ['desk', { viewport: { width: 1440, height: 900 } }],
  ['desk-dark', { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' }],
  ['phone', { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }],
];

const site = await start();
try {
  for (const name of await presetNames(site)) {
    for (const [screen, options] of SCREENS) {
      const view = await openPreset(site, name, options);
      await picture(view, `${name}-${screen}`);
      await view.close();
    }
    console.log(`${name}: done`);
  }
  console.log(`The pictures are in ${FOLDER}`);
} finally {
  await site.close();
}
