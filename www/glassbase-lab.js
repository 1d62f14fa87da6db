// The one script of a course page: <script type="module" src="https://…/glassbase-lab.js"></script>
//
// It defines <glassbase-lab> (see lab-element.js), and fits <iframe src="https://…/?embed#…"> of the same site to the height that
// is told by what is inside. Where the program and its styles are it reads from index.html beside it: their names change with
// their content, so a page never has the one of today with the other of yesterday.
import { define } from './lab-element.js';

const site = new URL('./', import.meta.url);
/** The style sheets that an embedded lab needs; what else the site has is for its own pages. */
const NEEDED = /\/(page|panels|stage|plate)\b[^/]*\.css$/;
/** Heights that a frame may ask for, in pixels. */
const [LEAST, MOST] = [200, 2000];

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`Glassbase could not be loaded: ${url} is answered with ${response.status}.`);
  return response;
}

async function load() {
  const index = await fetched(new URL('index.html', site));
  const page = new DOMParser().parseFromString(await index.text(), 'text/html');
  const { js, wasm } = page.querySelector('meta[name="glassbase"]').dataset;
  const links = [...page.querySelectorAll('link[rel="stylesheet"]')].map((link) => new URL(link.getAttribute('href'), site).href);
  const styles = links.filter((href) => NEEDED.test(href)).map(async (href) => (await fetched(href)).text());
  const program = await import(new URL(js, site).href);
  const [texts] = await Promise.all([Promise.all(styles), program.default({ module_or_path: new URL(wasm, site) })]);
  return { program, styles: texts };
}

define(load);

addEventListener('message', ({ data, origin, source }) => {
  if (origin !== site.origin || data?.glassbase !== 1 || data.event !== 'size') return;
  const frame = [...document.querySelectorAll('iframe')].find((frame) => frame.contentWindow === source);
  if (frame && Number.isFinite(data.height)) frame.style.height = `${Math.min(Math.max(data.height, LEAST), MOST)}px`;
});
