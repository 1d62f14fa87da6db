// Loads the program, and stands by in case it fails. A file of its own because the page's Content-Security-Policy
// forbids inline scripts. Trunk writes the names of what to load into an element of the page (see Trunk.toml).
const { js, wasm } = document.querySelector('meta[name="glassbase"]').dataset;
const failed = document.getElementById('failed');
const script = document.getElementById('failed-script');

// Colours chosen by hand; without a choice they follow the system.
try {
  const theme = localStorage.getItem('glassbase-theme');
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden: the choice is then forgotten with the page.
}

// A program that has failed is not asked for anything any more: the page is set aside, only the script can be copied.
function fail(what) {
  if (!failed.hidden) return;
  document.getElementById('failed-what').textContent ||= String(what);
  document.getElementById('app').inert = true;
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  failed.hidden = false;
  document.getElementById('failed-copy').focus();
}

// `error` is missing for what browsers report without anything having been thrown, such as a late ResizeObserver.
addEventListener('error', (event) => event.error && fail(event.error));
addEventListener('unhandledrejection', (event) => fail(event.reason));
document.getElementById('failed-again').addEventListener('click', () => {
  history.replaceState(null, '', location.pathname + location.search);
  location.reload();
});
document.getElementById('failed-copy').addEventListener('click', async () => {
  script.select();
  try {
    await navigator.clipboard.writeText(script.value);
  } catch {
    document.execCommand('copy');
  }
});

try {
  const program = await import(new URL(js, document.baseURI).href);
  const embedded = new URLSearchParams(location.search).has('embed') && window.parent !== window;
  const around = embedded ? (await import('./embed-messages.js')).connect() : null;
  await program.default({ module_or_path: new URL(wasm, document.baseURI) });
  const lab = program.page(around?.tell);
  around?.attach(lab);
} catch (error) {
  fail(`Glassbase could not start: ${error}. A current browser with WebAssembly is needed.`);
}

// From the second visit on the page needs no network. Inside another page that is the other page's matter; and where a
// browser does not allow it, or the site was put up without its service worker, all the rest works.
if (window === window.top && 'serviceWorker' in navigator) {
  const keep = () => navigator.serviceWorker.register(new URL('service-worker.js', document.baseURI)).catch(() => {});
  setTimeout(keep, 1500);
}
