import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { elementCount, makeTensor, type Signature, type Tensors } from '../../lib/core/tensor.js';
import { nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { requirePart } from '../support/requires.js';
import { loadFiles, loadGraphFolder } from './load-folder.js';

const models = '../shared/models';
const native = nativeBackendInstalled();
// The cpu backend takes 5 s an image for what the others do in 0.2.
const backends = native ? ['wasm', 'tensorflow'] : ['wasm', 'cpu'];
const describeModels = requirePart('../shared/models', existsSync(models), 'a checkout with ../shared beside it');

const wave = (count: number, scale: number) =>
  Array.from({ length: count }, (_, at) => Math.abs(Math.sin(at * 0.37)) * scale);

/** The largest difference between two backends' answers, relative to max(1, |value|). */
function difference([one, other]: readonly Tensors[]): number {
  let worst = 0;
  for (const [name, { data }] of one ?? []) {
    const others = other?.get(name)?.data ?? [];
    expect(others).toHaveLength(data.length);
    data.forEach((value, at) => {
      worst = Math.max(worst, Math.abs(value - (others[at] as number)) / Math.max(1, Math.abs(value)));
    });
  }
  return worst;
}

describeModels('graphs of other people, on two backends', () => {
  test('an SSD detector of int8 weights: control flow, non-maximum suppression, a uint8 image', async () => {
    const answers: Tensors[] = [];
    for (const backend of backends) {
      const model = await loadGraphFolder(backend, `${models}/graph-handtrack-ssd320-int8`);
      const shape = [1, 96, 96, 3];
      const pixels = Int32Array.from(wave(elementCount(shape), 255));
      const image = (data: Int32Array): Tensors => new Map([['input_tensor', makeTensor('INT32', shape, data)]]);
      answers.push(await model.predict(image(pixels)));
      const before = tf.memory().numTensors;
      await expect(model.predict(image(pixels.map((value) => value + 200)))).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/^input_tensor: holds \d+; the model takes 0 to 255$/),
      });
      await model.predict(image(pixels));
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    }
    expect(difference(answers)).toBeLessThan(1e-4);
  });

  test('a matting network of Switch and Merge, once its shapes are stated', async () => {
    const folder = `${models}/graph-human-rvm`;
    const file = JSON.parse(readFileSync(`${folder}/model.json`, 'utf8'));
    const names = ['src', 'r1i', 'r2i', 'r3i', 'r4i', 'downsample_ratio'];
    const outputs = ['fgr', 'pha'].map((name) => ({
      name,
      datatype: 'FP32' as const,
      shape: [-1, -1, -1, name === 'fgr' ? 3 : 1],
    }));
    const signature: Signature = {
      inputs: names.map((name) => ({ name, datatype: 'FP32' as const, shape: name === 'src' ? [1, -1, -1, 3] : [] })),
      outputs,
    };
    const tensors = {
      inputs: Object.fromEntries(names.map((name) => [name, { name: `${name}:0` }])),
      outputs: file.signature.outputs,
    };
    const files = new Map<string, Uint8Array>([
      ['model.json', Buffer.from(JSON.stringify({ ...file, signature: tensors }))],
      ['rvm.bin', readFileSync(`${folder}/rvm.bin`)],
    ]);
    const scalar = (value: number) => makeTensor('FP32', [], Float32Array.of(value));
    const inputs = new Map(names.map((name) => [name, scalar(name === 'downsample_ratio' ? 0.5 : 0)]));
    inputs.set('src', makeTensor('FP32', [1, 64, 64, 3], Float32Array.from(wave(64 * 64 * 3, 1))));
    const answers: Tensors[] = [];
    for (const backend of backends) {
      const model = await loadFiles(backend, files, { signature });
      answers.push(await model.predict(inputs));
      model.dispose();
    }
    expect(difference(answers)).toBeLessThan(1e-4);
  });
});
