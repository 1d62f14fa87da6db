// Loads the program. It is a file of its own because the page's Content-Security-Policy forbids inline scripts.
// Trunk writes the names of what to load into an element of the page (see Trunk.toml).
const { js, wasm } = document.querySelector('meta[name="glassbase"]').dataset;

try {
  const program = await import(new URL(js, document.baseURI).href);
  await program.default({ module_or_path: new URL(wasm, document.baseURI) });
} catch (error) {
  const message = document.createElement('p');
  message.setAttribute('role', 'alert');
  message.textContent = `Glassbase could not start: ${error}. Reload the page; a current browser with WebAssembly is needed.`;
  document.body.append(message);
  throw error;
}
