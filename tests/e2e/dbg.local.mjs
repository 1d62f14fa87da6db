import { start } from './harness.mjs';
import { ready, rest, toEnd, idle, say } from './page.mjs';
const site = await start();
{
const view = await ready(await site.open());
const { page } = view;
await rest(page); await toEnd(page);
await page.getByRole('tab', { name: 'Inspector' }).click();
await page.locator('#stage .page').first().click();
await page.waitForTimeout(600);
await page.locator('.fields button').nth(1).hover();
await page.waitForTimeout(200);
console.log(await page.locator('.bytes').innerHTML().then(s=>s.slice(0,1500)));
await page.screenshot({path:`/tmp/shots/dbg.png`});
await view.close();
}
{
const view = await ready(await site.open());
const { page } = view;
await rest(page);
await page.getByRole('combobox', { name: 'Setting that differs' }).selectOption('order');
const value = page.getByRole('textbox', { name: 'Value at the right' });
await value.fill('8');
await value.press('Enter');
await page.locator('.stage-half').nth(1).waitFor();
await toEnd(page);
await idle(page);
await say(page, 'insert 4711');
await toEnd(page);
console.log(await page.locator('#failed-what').innerText());
await page.getByRole('button', { name: 'End the comparison' }).click();
await page.waitForTimeout(500);
console.log(await page.locator('#failed-what').innerText(), view.console, view.errors);
}
await site.close();
