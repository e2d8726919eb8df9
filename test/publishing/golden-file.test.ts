import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Datatype, Signature } from '../../lib/core/tensor.js';
import { readGoldenFile } from '../../lib/publishing/golden-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'golden-'));
});
afterAll(() => rm(folder, { recursive: true }));

const signature: Signature = {
  inputs: [
    { name: 'ids', datatype: 'INT32', shape: [-1, 2] },
    { name: 'x', datatype: 'FP32', shape: [-1, 1] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
};
const tensor = (name: string, shape: unknown, data: unknown, dtype = 'float32') => ({ name, shape, dtype, data });
const ids = tensor('ids', [1, 2], [3, 4], 'int32');
const x = tensor('x', [1, 1], [0.5]);
const y = tensor('y', [1], [2]);

async function read(content: unknown, expected = signature) {
  const path = join(folder, 'golden.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readGoldenFile(path, expected);
}

describe('a golden file', () => {
  test("goes by TensorFlow's numbers where a model's outputs are called output_0, output_1", async () => {
    const numbered = (name: string, size: number) => ({ name, datatype: 'FP32' as const, shape: [-1, size] });
    const outputs = [numbered('output_1', 2), numbered('output_0', 3)];
    const stored = [tensor('kind', [1, 3], [1, 2, 3]), tensor('value', [1, 2], [4, 5])];
    const { example } = await read({ inputs: [ids, x], outputs: stored }, { ...signature, outputs });
    expect([...example.outputs].map(([name, { data }]) => [name, ...data])).toEqual([
      ['output_1', 4, 5],
      ['output_0', 1, 2, 3],
    ]);
  });

  test('is read into tensors in the order of the signature, by name', async () => {
    const { by, example } = await read({ keras_version: '3.15.1', inputs: [x, ids], outputs: [y] });
    expect(by).toBe('Keras 3.15.1 (golden file)');
    expect([...example.inputs].map(([name, { datatype, shape, data }]) => [name, datatype, shape, [...data]])).toEqual([
      ['ids', 'INT32', [1, 2], [3, 4]],
      ['x', 'FP32', [1, 1], [0.5]],
    ]);
    expect([...(example.outputs.get('y')?.data ?? [])]).toEqual([2]);
  });

  test('is read by order where names differ, as those of another export do', async () => {
    const { by, example } = await read({
      tensorflow_version: '2.15.1',
      inputs: [{ ...ids, name: 'a' }, x],
      outputs: [y],
    });
    expect(by).toBe('TensorFlow 2.15.1 (golden file)');
    expect([...(example.inputs.get('ids')?.data ?? [])]).toEqual([3, 4]);
  });

  test('says that it was read by order where that is why it does not fit', async () => {
    const twisted = read({ inputs: [{ ...x, name: 'a' }, ids], outputs: [y] });
    await expect(twisted).rejects.toThrow(/matched by order, as its names \(a, ids\) are not the model's \(ids, x\)/);
  });

  test('may hold true and false', async () => {
    const one = (name: string, datatype: Datatype) => [{ name, datatype, shape: [-1] }];
    const bool = { inputs: one('m', 'BOOL'), outputs: one('y', 'FP32') };
    const { example } = await read({ inputs: [tensor('m', [2], [true, false], 'bool')], outputs: [y] }, bool);
    expect([...(example.inputs.get('m')?.data ?? [])]).toEqual([1, 0]);
    const two = read({ inputs: [tensor('m', [1], [2], 'bool')], outputs: [y] }, bool);
    await expect(two).rejects.toThrow(/input 'm' is BOOL, but holds numbers beyond it/);
  });

  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{"inputs": [', /is not JSON/],
    ['NaN', '{"inputs": [{"name": "x", "shape": [1], "dtype": "float32", "data": [NaN]}]}', /is not JSON/],
    ['a list', [], /its content is an array of 0|inputs is nothing/],
    ['no outputs', { inputs: [ids, x] }, /outputs is nothing/],
    ['an input missing', { inputs: [x], outputs: [y] }, /has 1 input\(s\), the model has ids, x/],
    ['one too many', { inputs: [ids, x], outputs: [y, y] }, /has 2 output\(s\), the model has y/],
    ['nested data', { inputs: [ids, tensor('x', [1, 1], [[0.5]])], outputs: [y] }, /inputs.1.data.0 is an array of 1/],
    ['text as data', { inputs: [ids, tensor('x', [1, 1], 'AAAA')], outputs: [y] }, /inputs.1.data is text/],
    ['no numbers', { inputs: [ids, tensor('x', [0, 1], [])], outputs: [y] }, /inputs.1.shape.0 is a number/],
    ['too few numbers', { inputs: [ids, tensor('x', [2, 1], [1])], outputs: [y] }, /has 1 numbers for shape \[2,1\]/],
    ['another shape', { inputs: [ids, tensor('x', [1, 2], [1, 2])], outputs: [y] }, /the model's is \[any, 1\]/],
    [
      'fractions',
      { inputs: [tensor('ids', [1, 2], [1, 0.5]), x], outputs: [y] },
      /'ids' is INT32, but holds fractions/,
    ],
    ['too large', { inputs: [tensor('ids', [1, 2], [1, 2 ** 31]), x], outputs: [y] }, /'ids' is INT32, .* beyond it/],
    ['too large floats', { inputs: [ids, tensor('x', [1, 1], [1e39])], outputs: [y] }, /'x' is FP32, .* beyond it/],
  ])('%s is refused', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
    await expect(read(content)).rejects.toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    await expect(read(content)).rejects.toThrow(/; it should be like \{"inputs"/);
  });

  test('that is not there is refused', async () => {
    await expect(readGoldenFile(resolve(folder, 'none.json'), signature)).rejects.toThrow(/can't be read/);
    expect(await readdir(folder)).toEqual(['golden.json']);
  });
});
