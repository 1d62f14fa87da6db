// A static file server without dependencies, for `make run`, the end-to-end tests, benchmarks and screenshots.
//   node serve.mjs [--dir DIR] [--base /below/this/path/] [--port N] [--host ADDRESS]
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** The file that a request's path means, or null if it means none below `root`. */
async function find(root, base, pathname) {
  let path;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (!path.startsWith(base) || path.includes('\0')) return null;
  let file = resolve(root, `.${sep}${path.slice(base.length)}`);
  if (file !== root && !file.startsWith(root + sep)) return null;
  try {
    let info = await stat(file);
    if (info.isDirectory()) {
      if (!path.endsWith('/')) return null;
      file = join(file, 'index.html');
      info = await stat(file);
    }
    return info.isFile() ? { file, size: info.size } : null;
  } catch {
    return null;
  }
}

/**
 * Serves `dir` below `base` and resolves to `{ url, port, close }`. Port 0 takes any free one.
 * `extra` maps further paths to file names, for pages that only a test needs.
 */
export async function serve({ dir = DIST, base = '/', port = 0, host = '127.0.0.1', extra = {} } = {}) {
  const root = resolve(dir);
  const prefix = `/${base}/`.replace(/\/+/g, '/');
  const server = createServer(async (request, response) => {
    const pathname = request.url.split(/[?#]/, 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const found = extra[pathname]
      ? { file: extra[pathname], size: (await stat(extra[pathname])).size }
      : await find(root, prefix, pathname);
    if (!found) {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end(`There is no ${pathname} here.\n`);
      return;
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(found.file)] ?? 'application/octet-stream',
      'content-length': found.size,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    if (request.method === 'HEAD') response.end();
    else createReadStream(found.file).on('error', () => response.destroy()).pipe(response);
  });
  await new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, done);
  });
  const taken = server.address().port;
  return {
    url: `http://${host}:${taken}${prefix}`,
    port: taken,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string', default: DIST },
      base: { type: 'string', default: '/' },
      port: { type: 'string', default: '8080' },
      host: { type: 'string', default: '127.0.0.1' },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    console.error(`glassbase: "${values.port}" is not a port; give a number from 0 to 65535.`);
    process.exit(2);
  }
  try {
    await stat(join(values.dir, 'index.html'));
  } catch {
    console.error(`glassbase: there is no index.html in ${values.dir}; run "make build" first.`);
    process.exit(1);
  }
  try {
    const { url } = await serve({ ...values, port });
    console.log(`Glassbase is at ${url} (Ctrl-C stops it).`);
  } catch (error) {
    if (error.code === 'EADDRINUSE') {
      console.error(`glassbase: port ${port} is taken by another program; choose another one, for example: PORT=${port + 1} make run`);
    } else if (error.code === 'EACCES') {
      console.error(`glassbase: port ${port} may only be opened by root; choose one above 1023, for example: PORT=8080 make run`);
    } else {
      console.error(`glassbase: cannot serve on ${values.host}:${port}: ${error.message}`);
    }
    process.exit(1);
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
