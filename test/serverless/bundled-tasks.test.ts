import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { builtInTasks } from '../../lib/cli/built-in-tasks.js';
import { bundleFunction } from '../../lib/serverless/bundle.js';

/** What only one task's code says: its name, or an error of the package that it decodes with. */
const marks = new Map([
  ...builtInTasks.map(({ name }): [string, string] => [name, name]),
  ['pngjs', 'unrecognised content at end of stream'],
  ['fft.js', 'FFT size must be a power of two'],
]);

async function codeOf(model: string): Promise<string> {
  const outdir = mkdtempSync(join(tmpdir(), 'modelet-tasks-'));
  await bundleFunction({ entry: `functions/${model}.ts`, outdir });
  const scripts = readdirSync(outdir, { recursive: true, encoding: 'utf8' }).filter((name) => /\.[cm]?js$/.test(name));
  return scripts.map((name) => readFileSync(join(outdir, name), 'utf8')).join('\n');
}

test.each([
  ['digits', ['image-classification@1', 'pngjs']],
  ['spoken-digits', ['audio-classification@1', 'fft.js']],
  ['sentiment', ['text-classification@1']],
  ['forecast', ['forecast@1']],
])('the bundle of %s holds the task that it lists, and no other', async (model, listed) => {
  const code = await codeOf(model);
  const found = [...marks].filter(([, mark]) => code.includes(mark));
  expect(found.map(([name]) => name)).toEqual(listed);
});
