import { describe, expect, test } from '@jest/globals';
import { makeTensor } from '../../lib/core/tensor.js';
import { loadFiles } from './load-folder.js';

const int64 = { type: 'DT_INT64' };
const most = 2 ** 31 - 1;

/** y = op(x, x) in int64, or op(x, axis 0). */
async function answer(backend: string, op: string, attr: object, inputs: string[], x: number[]): Promise<number[]> {
  const dim = [{ size: '-1' }];
  const axis = { name: 'axis', op: 'Const', attr: { dtype: { type: 'DT_INT32' }, value: { tensor: {} } } };
  const file = {
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: int64, shape: { shape: { dim } } } },
        axis,
        { name: 'y', op, input: inputs, attr: { T: int64, ...attr } },
      ],
      versions: {},
    },
    signature: { inputs: { x: { name: 'x:0' } }, outputs: { y: { name: 'y:0' } } },
    weightsManifest: [{ paths: ['w.bin'], weights: [{ name: 'axis', shape: [], dtype: 'int32' }] }],
  };
  const files = new Map<string, Uint8Array>([
    ['model.json', Buffer.from(JSON.stringify(file))],
    ['w.bin', Buffer.alloc(4)],
  ]);
  const shape = op === 'Sum' || op === 'Prod' ? [] : [-1];
  const signature = {
    inputs: [{ name: 'x', datatype: 'INT32' as const, shape: [-1] }],
    outputs: [{ name: 'y', datatype: 'INT32' as const, shape }],
  };
  const model = await loadFiles(backend, files, { signature });
  try {
    const outputs = await model.predict(new Map([['x', makeTensor('INT32', [x.length], Int32Array.from(x))]]));
    return [...(outputs.get('y')?.data ?? [])];
  } finally {
    model.dispose();
  }
}

describe.each(['wasm', 'cpu'])('int64 on %s', (backend) => {
  test.each([
    ['AddV2', {}, ['x', 'x'], [3, -4], [6, -8]],
    ['AddN', { N: { i: '2' } }, ['x', 'x'], [3, -4], [6, -8]],
    ['Mul', {}, ['x', 'x'], [3, -40000], [9, 1_600_000_000]],
    ['Neg', {}, ['x'], [3, -4], [-3, 4]],
    ['Sum', { keep_dims: { b: false } }, ['x', 'axis'], [3, -4], [-1]],
    ['Prod', { keep_dims: { b: false } }, ['x', 'axis'], [3, -4], [-12]],
    ['Cumsum', { exclusive: { b: true }, reverse: { b: false } }, ['x', 'axis'], [3, -4], [0, 3]],
  ])('%s is computed where INT32 has room', async (op, attr, inputs, x, expected) => {
    expect(await answer(backend, op, attr, inputs, x)).toEqual(expected);
  });

  test.each([
    ['AddV2', {}, ['x', 'x'], [most, 1]],
    ['Mul', {}, ['x', 'x'], [65536, 1]],
    ['Sum', { keep_dims: { b: false } }, ['x', 'axis'], [most, 5]],
    ['Cumprod', { exclusive: { b: false }, reverse: { b: false } }, ['x', 'axis'], [most, 5]],
  ])('%s refuses what it has no room for', async (op, attr, inputs, x) => {
    await expect(answer(backend, op, attr, inputs, x)).rejects.toMatchObject({
      code: 'INFERENCE_FAILED',
      message: expect.stringContaining(`${op} exceeds INT32, in which TensorFlow.js holds int64`),
    });
  });
});
