import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { bundleFunction } from '../../lib/serverless/bundle.js';
import { zipFolder } from '../../lib/serverless/zip-folder.js';

const folder = () => mkdtempSync(join(tmpdir(), 'modelet-bundle-'));

/** Bundles one module with this text, as if it stood in a folder of type module. */
async function bundle(text: string): Promise<string> {
  const dir = folder();
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  writeFileSync(join(dir, 'entry.ts'), text);
  const outdir = join(dir, 'out');
  await bundleFunction({ entry: join(dir, 'entry.ts'), outdir });
  return outdir;
}

describe('bundleFunction', () => {
  test('makes CommonJS that knows where it lies, whatever package.json is above it', async () => {
    const outdir = await bundle('export const handler = (): string => import.meta.url;');
    const script = `process.stdout.write(require(${JSON.stringify(join(outdir, 'function.cjs'))}).handler())`;
    const url = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(url).toBe(new URL(`file://${outdir}/function.cjs`).href);
    expect(readdirSync(outdir)).toEqual(['function.cjs', 'index.mjs']);
  });

  test('what stands behind an import() is a file of its own, read when it is asked for; both share the rest', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    writeFileSync(join(dir, 'error.ts'), 'export class OwnError extends Error {}');
    writeFileSync(
      join(dir, 'rare.ts'),
      "import { OwnError } from './error.js'; export const fail = () => { throw new OwnError(); };",
    );
    writeFileSync(
      join(dir, 'entry.ts'),
      `import { OwnError } from './error.js';
      export const handler = async () => (await import('./rare.js')).fail();
      export const isOwn = (error: unknown) => error instanceof OwnError;`,
    );
    const outdir = join(dir, 'out');
    await bundleFunction({ entry: join(dir, 'entry.ts'), outdir });
    // What is shared is in the function's own file: each file more takes a start longer.
    expect(readdirSync(outdir)).toEqual(['function.cjs', 'index.mjs', expect.stringMatching(/^rare-\w+\.cjs$/)]);
    const script = `
      const read = () => Object.keys(require.cache).filter((file) => file.includes('rare-')).length;
      const { handler, isOwn } = require(${JSON.stringify(join(outdir, 'function.cjs'))});
      const before = read();
      handler().catch((error) => process.stdout.write(JSON.stringify([before, read(), isOwn(error)])));`;
    expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe('[0,1,true]');
  });

  test('loads builtins as CommonJS does, so that the getters of node:http stay unread', async () => {
    const outdir = await bundle("import { request } from 'node:http'; export const handler = () => typeof request;");
    const script = `
      const kind = require(${JSON.stringify(join(outdir, 'function.cjs'))}).handler();
      process.stdout.write(kind + ' ' + process.moduleLoadList.some((name) => name.includes('undici')));`;
    expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe('function false');
  });

  test('brings the builds of the kernels that it holds', async () => {
    const kernels = resolve('lib/kernels');
    const outdir = await bundle(
      `import { createKernels } from '${kernels}/kernels.js';
      export const handler = async () => (await createKernels()).heapBase;`,
    );
    const files = readdirSync(outdir).filter((name) => name.endsWith('.wasm'));
    expect(files).toEqual(readdirSync(kernels).filter((name) => name.endsWith('.wasm')));
    const script = `require(${JSON.stringify(join(outdir, 'function.cjs'))}).handler().then((start) => process.stdout.write(String(start)))`;
    expect(Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }))).toBeGreaterThan(0);
  });

  test('empties the folder first', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'entry.ts'), 'export const handler = 1;');
    const outdir = join(dir, 'out');
    await bundleFunction({ entry: join(dir, 'entry.ts'), outdir });
    writeFileSync(join(outdir, 'old.js'), '');
    await bundleFunction({ entry: join(dir, 'entry.ts'), outdir });
    expect(readdirSync(outdir)).toEqual(['function.cjs', 'index.mjs']);
  });

  test('says where a bundle fails', async () => {
    await expect(bundle("export { handler } from './nowhere.js';")).rejects.toThrow(
      /Could not resolve "\.\/nowhere\.js"/,
    );
  });
});

describe('zipFolder', () => {
  test('the same files give the same bytes, and unpack to what they were', () => {
    const [one, two] = [folder(), folder()];
    for (const dir of [one, two]) {
      writeFileSync(join(dir, 'index.mjs'), 'export const handler = 1;');
      writeFileSync(join(dir, 'a.wasm'), new Uint8Array([0, 97, 115, 109]));
    }
    expect(Buffer.compare(zipFolder(one), zipFolder(two))).toBe(0);
    const files = unzipSync(zipFolder(one));
    expect(Object.keys(files).sort()).toEqual(['a.wasm', 'index.mjs']);
    expect(Buffer.from(files['index.mjs'] ?? []).toString()).toBe(readFileSync(join(one, 'index.mjs'), 'utf8'));
  });
});
