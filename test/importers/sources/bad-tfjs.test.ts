import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readSource } from '../../../lib/importers/sources/read-source.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const topology = {
  class_name: 'Sequential',
  keras_version: 'tfjs-layers 4.22.0',
  config: {
    name: 's',
    layers: [
      { class_name: 'Dense', config: { name: 'd', units: 2, batch_input_shape: [null, 3], activation: 'relu' } },
    ],
  },
};
const weights = [
  { name: 'd/kernel', shape: [3, 2], dtype: 'float32' },
  { name: 'd/bias', shape: [2], dtype: 'float32' },
];
const manifest = [{ paths: ['a.bin', 'b.bin'], weights }];
const shards = { 'a.bin': Buffer.alloc(20), 'b.bin': Buffer.alloc(12) };

/** Writes a model with its shards, and reads it. */
async function read(model: unknown, files: Readonly<Record<string, Uint8Array>> = shards): Promise<string> {
  const own = mkdtempSync(join(folder, 'm-'));
  writeFileSync(join(own, 'model.json'), typeof model === 'string' ? model : JSON.stringify(model));
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(own, name)), { recursive: true });
    writeFileSync(join(own, name), bytes);
  }
  return await readSource(own).then(
    (source) => (source.kind === 'keras' ? `read ${[...(source.model.calls[0]?.layer.weights.keys() ?? [])]}` : 'read'),
    (error) => `${error.code} ${error.message}`,
  );
}

const model = (changes: object) => ({ modelTopology: topology, weightsManifest: manifest, ...changes });
const paths = (...names: string[]) => model({ weightsManifest: [{ paths: names, weights }] });
const withWeights = (list: unknown) => model({ weightsManifest: [{ paths: ['a.bin', 'b.bin'], weights: list }] });

describe('TF.js models', () => {
  test('one in several shards is read, also from folders below', async () => {
    expect(await read(model({}))).toBe('read kernel,bias');
    expect(
      await read(paths('x/a.bin', 'x/y/b.bin'), { 'x/a.bin': shards['a.bin'], 'x/y/b.bin': shards['b.bin'] }),
    ).toBe('read kernel,bias');
  });

  test.each<[string, unknown, RegExp]>([
    ['no topology', { weightsManifest: manifest }, /has weights but no modelTopology; publish the model\.json/],
    ['another JSON', { hello: 1 }, /no model of TF\.js/],
    ['an empty file', '', /is empty|no kind of model/],
    [
      'no weights',
      { modelTopology: topology },
      /'d' has 0 weights in the file; its settings call for 2 \(kernel, bias\)/,
    ],
    ['a missing shard', paths('a.bin', 'c.bin'), /shard 'c\.bin' can't be read; put all shards beside model\.json/],
    ['a path upwards', paths('../a.bin'), /'\.\.\/a\.bin' is no file beside model\.json/],
    ['a path upwards, further in', paths('x/../../a.bin'), /no file beside/],
    ['a path upwards, as on Windows', paths('x\\..\\..\\a.bin'), /no file beside/],
    ['an absolute path', paths('/etc/passwd'), /no file beside/],
    ['a drive', paths('C:/a.bin'), /no file beside/],
    ['a URL', paths('https://example.com/a.bin'), /no file beside/],
    ['a folder', paths('.'), /is no file/],
    ['one shard too few', paths('a.bin'), /have 20 bytes where model\.json asks for 32/],
    ['one shard too many', paths('a.bin', 'b.bin', 'b.bin'), /have 44 bytes where model\.json asks for 32/],
    [
      'a huge weight',
      withWeights([{ name: 'd/kernel', shape: [2 ** 40, 2 ** 40], dtype: 'float32' }]),
      /declares .* bytes/,
    ],
    ['a negative size', withWeights([{ name: 'd/kernel', shape: [-3, 2], dtype: 'float32' }]), /a size is a number/],
    [
      'quantized numbers without their steps',
      withWeights([{ ...weights[0], quantization: { dtype: 'uint8', scale: 0.5 } }, weights[1]]),
      /quantization of 'd\/kernel' lacks its scale or min; convert the model again/,
    ],
    ['a weight twice', withWeights([weights[1], weights[1]]), /'d\/bias' is in the manifest twice/],
    ['an unknown kind of numbers', withWeights([{ ...weights[0], dtype: 'float8' }, weights[1]]), /holds float8/],
    [
      'a weight of no layer',
      withWeights([weights[0], { ...weights[1], name: 'e/bias' }]),
      /'e\/bias' belongs to no layer/,
    ],
    [
      'a wrong shape',
      withWeights([{ ...weights[0], shape: [2, 3] }, weights[1]]),
      /kernel of shape \[2, 3\].*; its settings call for \[any, 2\]/,
    ],
    ['a manifest that is no list', model({ weightsManifest: {} }), /weightsManifest is an object/],
    ['deep nesting', `{"a":${'['.repeat(300)}`, /nested more than 256 deep/],
    ['no layers', model({ modelTopology: { class_name: 'Sequential', config: { layers: [] } } }), /has no layers/],
    [
      'no input shape',
      model({
        modelTopology: { class_name: 'Sequential', config: [{ class_name: 'Dense', config: { name: 'd', units: 2 } }] },
      }),
      /doesn't tell the shape of its input/,
    ],
    [
      'a model of a class of its own',
      model({ modelTopology: { class_name: 'Mine', config: {} } }),
      /of the class Mine/,
    ],
  ])('%s: refused', async (_what, given, message) => {
    const why = await read(given);
    expect(why).toMatch(message);
    expect(why).toMatch(/^INVALID_INPUT [^;]+; [^;]+$/);
  });
});

test('a pipe in the place of a shard is refused, not waited for', async () => {
  const own = mkdtempSync(join(folder, 'pipe-'));
  writeFileSync(join(own, 'model.json'), JSON.stringify(model({})));
  execFileSync('mkfifo', [join(own, 'a.bin')]);
  writeFileSync(join(own, 'b.bin'), shards['b.bin']);
  await expect(readSource(own)).rejects.toThrow("the shard 'a.bin' is no file");
});

test('a manifest that names one shard a million times is refused at its second', async () => {
  const names = Array.from({ length: 1_000_000 }, () => 'a.bin');
  await expect(
    read(model({ weightsManifest: [{ paths: names, weights }] }), { 'a.bin': Buffer.alloc(20) }),
  ).resolves.toContain('have 40 bytes where');
});
