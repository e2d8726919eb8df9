import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const script = `process.stdout.write(require(${JSON.stringify(join(outdir, 'index.cjs'))}).handler())`;
    const url = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(url).toBe(new URL(`file://${outdir}/index.cjs`).href);
    expect(readdirSync(outdir)).toEqual(['index.cjs']);
  });

  test('empties the folder first', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'entry.ts'), 'export const handler = 1;');
    const outdir = join(dir, 'out');
    await bundleFunction({ entry: join(dir, 'entry.ts'), outdir });
    writeFileSync(join(outdir, 'old.js'), '');
    await bundleFunction({ entry: join(dir, 'entry.ts'), outdir });
    expect(readdirSync(outdir)).toEqual(['index.cjs']);
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
      writeFileSync(join(dir, 'index.cjs'), 'exports.handler = 1;');
      writeFileSync(join(dir, 'a.wasm'), new Uint8Array([0, 97, 115, 109]));
    }
    expect(Buffer.compare(zipFolder(one), zipFolder(two))).toBe(0);
    const files = unzipSync(zipFolder(one));
    expect(Object.keys(files).sort()).toEqual(['a.wasm', 'index.cjs']);
    expect(Buffer.from(files['index.cjs'] ?? []).toString()).toBe(readFileSync(join(one, 'index.cjs'), 'utf8'));
  });
});
