import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readSource } from '../../../lib/importers/sources/read-source.js';
import { temporaryFolder } from './temporary-folder.js';
import { type Hdf5Spec, kerasH5, writeHdf5 } from './write-hdf5.js';

const folder = temporaryFolder();
const dense = {
  class_name: 'Dense',
  config: { name: 'd', units: 2, activation: 'relu', batch_input_shape: [null, 3] },
};
const model = { class_name: 'Sequential', config: [dense] };
const good = kerasH5('2.2.4', model, { d: { 'd/kernel:0': { shape: [3, 2] }, 'd/bias:0': { shape: [2] } } });

async function refusal(spec: Hdf5Spec): Promise<string> {
  const path = join(folder, 'model.h5');
  writeHdf5(path, spec);
  return await readSource(path).then(
    () => 'read',
    (error) => `${error.code} ${error.message}`,
  );
}

const withDatasets = (datasets: Hdf5Spec['datasets']): Hdf5Spec => ({
  ...good,
  datasets: { ...good.datasets, ...datasets },
});

describe('HDF5 files', () => {
  test('a good one is read, whatever its name', async () => {
    const path = join(folder, 'model.txt');
    writeHdf5(path, good);
    const source = await readSource(path);
    expect(source).toMatchObject({ kind: 'keras', format: 'keras-h5', model: { kerasVersion: '2.2.4' } });
  });

  test.each<[string, Hdf5Spec, RegExp]>([
    [
      'huge declared shapes',
      withDatasets({ '/model_weights/d/d/kernel:0': { shape: [3, 2], chunks: [3, 2], resizedTo: [2 ** 40, 2 ** 20] } }),
      /declares \d+ bytes of data in \d+ bytes of file; save the model again/,
    ],
    [
      'a compression bomb, below 2 GiB',
      withDatasets({ '/model_weights/d/d/kernel:0': { shape: [3, 2], chunks: [3, 2], resizedTo: [2 ** 24, 8] } }),
      /declares 536870920 bytes of data/,
    ],
    [
      'a link to another file',
      { ...good, externalLinks: { '/model_weights/e': { file: '/etc/passwd', target: '/' } } },
      /link to elsewhere/,
    ],
    ['a link to nowhere', { ...good, softLinks: { '/model_weights/e': '/nowhere' } }, /link to elsewhere/],
    [
      'weights alone',
      { ...good, attributes: { '/': { layer_names: ['d'] } } },
      /weights without a model; save the whole model/,
    ],
    ['no model at all', { datasets: { '/x': { shape: [1] } } }, /holds no Keras model/],
    [
      'a description that is no JSON',
      { attributes: { '/': { model_config: '{"class_name"', keras_version: '2.2.4' } } },
      /model_config is not JSON/,
    ],
    [
      'a missing weight',
      kerasH5('2.2.4', model, { d: { 'd/kernel:0': { shape: [3, 2] } } }),
      /layer 'd' has 1 weights in the file; its settings call for 2 \(kernel, bias\)/,
    ],
    [
      'a surplus weight',
      kerasH5('2.2.4', model, { d: { a: { shape: [3, 2] }, b: { shape: [2] }, c: { shape: [2] } } }),
      /layer 'd' has 3 weights in the file/,
    ],
    [
      'a weight of a wrong shape',
      kerasH5('2.2.4', model, { d: { 'd/kernel:0': { shape: [3, 4] }, 'd/bias:0': { shape: [2] } } }),
      /'d' \(Dense\) has a kernel of shape \[3, 4\].*; its settings call for \[any, 2\]/,
    ],
    [
      'weights of no layer',
      kerasH5('2.2.4', model, { e: { 'e/kernel:0': { shape: [3, 2] } } }),
      /weights of a layer 'e'/,
    ],
    [
      'a name without its dataset',
      { ...good, attributes: { ...good.attributes, '/model_weights/d': { weight_names: ['d/kernel:0', 'd/gone:0'] } } },
      /'d\/gone:0' of the layer 'd' is missing/,
    ],
  ])('%s: refused', async (_what, spec, message) => {
    expect(await refusal(spec)).toMatch(message);
  });

  test('one that begins behind a user block is known, and one cut short refused', async () => {
    const path = join(folder, 'cut.h5');
    writeHdf5(path, good);
    const { readFileSync } = await import('node:fs');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    await expect(readSource(path)).rejects.toThrow(
      /HDF5 file can't be read: .*; save the model again, or copy the file again/,
    );
    writeFileSync(path, Buffer.concat([Buffer.alloc(512), bytes]));
    // Addresses count from the signature on, as the library knows.
    expect(await readSource(path)).toMatchObject({ kind: 'keras' });
  });
});
