// Keeps the page for when there is no network: everything it consists of is fetched once, when it is first visited.
//
//   pages, and files of one name for ever (course.js)   from the network, and from what was kept when that does not answer:
//                                                       who is online has the newest, and all of one version
//   files whose name has a hash of what is in them      from what was kept: one name is one content
//
// .ci/offline.sh writes two lines above these when the page is built: VERSION, a hash over all files, and FILES, their names.
// A new version fetches all of its files before it takes over. What the version before it had is kept until the next one
// comes: a page that is still open may ask for it.
/* global VERSION, FILES */

const SCOPE = registration.scope;
// Another Glassbase may be served by the same host below another path.
const OURS = `glassbase ${SCOPE} `;
const NAME = OURS + VERSION;
const HASHED = /-[0-9a-f]{12,}/;
/** How long a network that says nothing is waited for. */
const PATIENCE_MS = 4000;

addEventListener('install', (event) => event.waitUntil(fetchAll()));
addEventListener('activate', (event) => event.waitUntil(takeOver()));
addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(SCOPE)) return;
  event.respondWith(request.mode === 'navigate' ? page(request) : file(request));
});

async function fetchAll() {
  const cache = await caches.open(NAME);
  // Names without a hash may stand for something older in the browser's own cache.
  const requests = FILES.map((name) => new Request(new URL(name, SCOPE), HASHED.test(name) ? {} : { cache: 'no-cache' }));
  await cache.addAll(requests);
  await skipWaiting();
}

async function takeOver() {
  const names = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== NAME);
  // In the order in which they came: all but the last.
  await Promise.all(names.slice(0, -1).map((name) => caches.delete(name)));
  await clients.claim();
}

async function kept(request) {
  const cache = await caches.open(NAME);
  const options = { ignoreSearch: true };
  return (await cache.match(request, options)) ?? caches.match(request, options);
}

async function page(request) {
  const own = (await kept(request)) ?? (await kept(new Request(new URL('index.html', SCOPE))));
  // One that the server led elsewhere (from index.html to its folder) is not taken for a page as it is.
  return newest(request, own?.redirected ? new Response(own.body, own) : own);
}

async function file(request) {
  const own = await kept(request);
  return own && HASHED.test(request.url) ? own : newest(request, own);
}

/** The network's answer, or what was kept if there is none in time. */
async function newest(request, own) {
  const asked = fetch(request);
  if (!own) return asked;
  try {
    const silence = new Promise((_, fail) => setTimeout(fail, PATIENCE_MS));
    const answer = await Promise.race([asked, silence]);
    return answer.status >= 500 ? own : answer;
  } catch {
    asked.catch(() => {});
    return own;
  }
}
