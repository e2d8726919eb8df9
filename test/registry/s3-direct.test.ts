import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { bundleFunction } from '../../lib/serverless/bundle.js';

/** A certificate for localhost, signed by itself, and its key: for tests alone. */
const pem = resolve('test/fixtures/tls/localhost.pem');

/** Asks a TLS server for the same part again and again: into plain memory, into shared memory, and once too much. */
const program = `
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { directReads } from '${resolve('lib/registry/stores/s3-direct.js')}';

export async function run(pem: string): Promise<unknown> {
  const body = randomBytes(3_000_001);
  let connections = 0;
  const server = createServer({ cert: readFileSync(pem), key: readFileSync(pem) }, (request, response) => {
    response.writeHead(206, { etag: request.url, 'content-length': body.length }).end(body);
  });
  server.on('secureConnection', () => connections++);
  await new Promise<void>((done) => server.listen(0, done));
  const read = directReads(new URL('https://localhost:' + (server.address() as { port: number }).port));
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const found: unknown[] = [];
  const ask = async (into: Uint8Array) => {
    const head = await read({ method: 'GET', path: '/part', headers: { host: 'localhost' } }, into);
    found.push([head?.get('etag'), sha256(into) === sha256(body), connections]);
  };
  await ask(new Uint8Array(body.length));
  await ask(new Uint8Array(new SharedArrayBuffer(body.length)));
  await ask(new Uint8Array(body.length - 1));
  await ask(new Uint8Array(body.length));
  server.close();
  server.closeAllConnections();
  return found;
}
`;

test('parts come by TLS as they do without, on connections that are kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelet-direct-'));
  writeFileSync(join(folder, 'entry.ts'), program);
  const outdir = join(folder, 'out');
  await bundleFunction({ entry: join(folder, 'entry.ts'), outdir });
  const script = `require(${JSON.stringify(join(outdir, 'function.cjs'))}).run(${JSON.stringify(pem)})
    .then((found) => process.stdout.write(JSON.stringify(found)))`;
  // Node.js reads what else it shall trust when it starts.
  const run = (env: NodeJS.ProcessEnv) =>
    execFileSync(process.execPath, ['-e', script], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...env },
      stdio: 'pipe',
      timeout: 20_000,
    });
  expect(JSON.parse(run({ NODE_EXTRA_CA_CERTS: pem }))).toEqual([
    ['/part', true, 1],
    ['/part', true, 1],
    [null, false, 1],
    ['/part', true, 2],
  ]);
  expect(() => run({})).toThrow('self-signed certificate');
});
