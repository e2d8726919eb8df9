import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { makeTensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import { createGraphBuilder, type GraphBuilder, type GraphValue } from '../../lib/importers/graph/graph-builder.js';
import { writeModelJson } from '../../lib/importers/graph/model-json.js';
import { arithmetic, unary } from '../../lib/importers/graph/ops/elementwise.js';
import { matMul } from '../../lib/importers/graph/ops/product.js';
import { gather } from '../../lib/importers/graph/ops/shape.js';
import { serveModel, tensor } from '../../lib/index.js';
import type { Registry } from '../../lib/registry/registry.js';
import { plans } from '../support/engine.js';
import { modeletCommand } from '../support/modelet-command.js';
import { client, temporaryRegistry } from '../support/serve.js';

const command = modeletCommand();
const folder = mkdtempSync(join(tmpdir(), 'modelet-publish-'));
let registry: Registry;

type Emit = (graph: GraphBuilder, x: GraphValue) => GraphValue;

/** A TF.js graph model in a folder: input `x`, output `y`. */
function modelFolder(name: string, emit: Emit, shape = [-1, 3], datatype: 'FP32' | 'INT32' = 'FP32'): string {
  const graph = createGraphBuilder();
  const y = emit(graph, graph.input({ name: 'x', datatype, shape }));
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, bytes] of writeModelJson(graph.finish([{ name: 'y', value: y }])))
    writeFileSync(join(path, file), bytes);
  return path;
}

const numbers = (...shape: number[]) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return makeTensor(
    'FP32',
    shape,
    Float32Array.from({ length: count }, (_, index) => ((index * 7) % 11) / 11 - 0.4),
  );
};
const affine: Emit = (graph, x) =>
  arithmetic(graph, 'AddV2', matMul(graph, x, graph.constant(numbers(3, 2), 'w')), graph.constant(numbers(2), 'b'));
const file = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

let plain: string;
beforeAll(() => {
  plain = modelFolder('plain', affine);
});
beforeEach(() => {
  registry = temporaryRegistry();
});
afterAll(() => rmSync(folder, { recursive: true }));

const publish = (path: string, ...more: string[]) =>
  command.run('publish', path, '--name', 'tiny', ...more, '--registry', registry.store.location);

/** w · x + b for x = [1, 2, 3]. */
const row = [1, 2, 3];
const answer = [0, 1].map((column) => {
  const { data: w } = numbers(3, 2);
  return row.reduce((sum, value, k) => sum + value * (w[2 * k + column] as number), numbers(2).data[column] as number);
});
const golden = (outputs: number[] = answer) => ({
  keras_version: '3.15.1',
  inputs: [{ name: 'x', shape: [1, 3], dtype: 'float32', data: row }],
  outputs: [{ name: 'anything', shape: [1, 2], dtype: 'float32', data: outputs }],
});

describe('publish', () => {
  test('writes a proven version that is served at once; the first one is production', async () => {
    const { code, out, err } = await publish(plain);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`tiny@1 published from tfjs-graph: ${plans ? 4 : 2} files`);
    expect(out).toMatch(
      /parity {3}wasm against the source's graph on TensorFlow\.js' cpu backend:\n +y \d\.\de[-+]\d+ absolute/,
    );
    const manifest = await registry.manifest('tiny', '1');
    expect(manifest.golden).toMatchObject({ tolerance: 1e-5, inputs: [{ name: 'x', shape: [1, 3] }] });
    expect(manifest.task).toEqual({ name: 'tensor@1', options: {} });
    process.env.MODELET_REGISTRY = registry.store.location;
    const { json } = await client(serveModel('tiny', { tasks: [tensor] })).post('/models/tiny', row);
    for (const [index, value] of answer.entries()) expect(json.outputs.y[index]).toBeCloseTo(value, 5);
    expect(out).toContain('serve it: modelet serve');
    expect((await publish(plain, '--alias', 'staging', '--json')).code).toBe(0);
    expect(await registry.resolve('tiny', { alias: 'production' })).toBe('1');
    expect(await registry.resolve('tiny', { alias: 'staging' })).toBe('2');
    expect((await publish(plain)).out).toContain('production stays at 1; move it: modelet promote tiny@3');
  });

  test("a golden file is a further proof, and its example the version's own", async () => {
    const { code } = await publish(plain, '--golden', file('golden.json', golden()));
    expect(code).toBe(0);
    const { parity, golden: stored } = await registry.manifest('tiny', '1');
    const by = [expect.stringContaining('cpu backend'), 'Keras 3.15.1 (golden file)'];
    expect(parity?.map((entry) => entry.by)).toEqual(plans ? [...by, ...by] : by);
    expect(parity?.map(({ backend }) => backend)).toEqual(['wasm', 'wasm', ...(plans ? ['plan', 'plan'] : [])]);
    expect(stored.by).toBe('Keras 3.15.1 (golden file)');
  });

  test('quantized weights carry golden values of their own, and their cost', async () => {
    const wide = modelFolder('wide', (graph, x) => matMul(graph, x, graph.constant(numbers(32, 16), 'w')), [-1, 32]);
    const sizes: number[] = [];
    for (const more of [[], ['--quantize', 'float16'], ['--quantize', 'uint8']]) {
      expect((await publish(wide, ...more)).code).toBe(0);
      const { files, quantization, golden: stored } = await registry.manifest('tiny', String(sizes.length + 1));
      sizes.push(files.find(({ name }) => name.endsWith('.bin'))?.bytes ?? 0);
      expect(quantization?.dtype).toBe(more[1]);
      if (quantization === undefined) continue;
      expect(quantization.outputs[0]?.relative).toBeGreaterThan(0);
      expect(stored.by).toBe(`TensorFlow.js cpu on the ${quantization.dtype} form`);
      expect((await command.run('verify', `tiny@${sizes.length}`, '--registry', registry.store.location)).code).toBe(0);
    }
    expect(sizes).toEqual([2048, 1024, 512]);
  });

  test('numbers that are places in a table are drawn from that table', async () => {
    const table = modelFolder(
      'table',
      (graph, x) => gather(graph, graph.constant(numbers(4, 2), 'table'), x),
      [-1, 5],
      'INT32',
    );
    expect(await publish(table)).toMatchObject({ code: 0, err: '' });
  });

  test('a model that takes logarithms is tried with positive numbers', async () => {
    const path = modelFolder('log', (graph, x) => unary(graph, 'Log', x));
    expect(await publish(path)).toMatchObject({ code: 0, err: '' });
  });
});

describe('refused with one line why and one line what to do, nothing written', () => {
  test.each<[string, () => string[], string]>([
    [
      'a golden file of another model',
      () => ['--golden', file('wrong.json', golden([5, 5]))],
      "output 'y' differs from Keras 3.15.1 (golden file) by ",
    ],
    [
      'a golden file with NaN',
      () => ['--golden', file('nan.json', JSON.stringify(golden()).replace('1,2,3', '1,NaN,3'))],
      'is not JSON',
    ],
    [
      'a golden file of another shape',
      () => [
        '--golden',
        file('shape.json', { ...golden(), inputs: [{ name: 'x', shape: [3], dtype: 'float32', data: row }] }),
      ],
      "input 'x' has shape [3], the model's is [any, 3]",
    ],
    [
      'a golden file with too few numbers',
      () => [
        '--golden',
        file('few.json', { ...golden(), inputs: [{ name: 'x', shape: [2, 3], dtype: 'float32', data: row }] }),
      ],
      "input 'x' has 3 numbers for shape [2,3]",
    ],
    [
      'a golden file without inputs',
      () => ['--golden', file('empty.json', { inputs: [], outputs: [] })],
      'golden file',
    ],
    ['a golden file that is not there', () => ['--golden', join(folder, 'none.json')], "can't be read"],
    ['a task file that is not there', () => ['--task', join(folder, 'none.json')], "can't be read"],
    ['a task file that is not JSON', () => ['--task', file('task.txt', '{')], 'is not JSON'],
    ['a task file with an option misspelt', () => ['--task', file('task1.json', { nam: 'tensor@1' })], 'task file'],
    [
      'a task without a version',
      () => ['--task', file('task2.json', { name: 'tensor' })],
      "a task's name and major version are expected",
    ],
    [
      'labels for another number of classes',
      () => ['--task', file('task3.json', { name: 'image-classification@1', options: { labels: ['a'] } })],
      'image-classification needs one FP32 input',
    ],
    ['an unknown quantization', () => ['--quantize', 'int4'], '--quantize int4 is not known'],
    ['an alias that is no name', () => ['--alias', 'A B'], "alias 'A B'"],
  ])('%s', async (_, more, message) => {
    const { code, out, err } = await publish(plain, ...more());
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(message);
    expect(err.trimEnd().split('\n')).toHaveLength(2);
    expect(await registry.models()).toEqual([]);
    expect(readdirSync(registry.store.location)).toEqual([]);
  });

  test.each(['Tiny', 'a b', '../x', ''])('the model name %p', async (name) => {
    const result = await command.run('publish', plain, '--name', name, '--registry', registry.store.location);
    expect(result).toMatchObject({ code: 1, err: expect.stringContaining('use a-z, 0-9') });
  });

  test('a network that scales its pixels itself, unless the task says what it is given', async () => {
    const path = modelFolder(
      'rescaling',
      (graph, x) => {
        const scaled = arithmetic(
          graph,
          'Mul',
          x,
          graph.constant(makeTensor('FP32', [], Float32Array.of(1 / 255)), 's'),
        );
        return unary(graph, 'Sigmoid', scaled);
      },
      [-1, 1, 2, 1],
    );
    const task = (options: object) =>
      file('pixels.json', { name: 'image-classification@1', options: { labels: ['a', 'b'], ...options } });
    const { code, err } = await publish(path, '--task', task({}));
    expect({ code, lines: err.trimEnd().split('\n') }).toEqual({
      code: 1,
      lines: [
        'the network scales its pixels itself, by 0.003922, and the task would give it 0 to 1',
        'put "std": [0.00392157] into its options, once a channel, to give it 0 to 255, or [1] for 0 to 1',
      ],
    });
    expect(await publish(path, '--task', task({ std: [1 / 255] }))).toMatchObject({ code: 0 });
  });

  test('an op that the backend lacks, by name', async () => {
    const path = modelFolder('fft', (graph, x) => graph.node('FFT', [x], { Tcomplex: attribute.type('FP32') }, x));
    const { code, err } = await publish(path);
    expect(code).toBe(1);
    expect(err).toContain('FFT');
    expect(err).toContain('MODELET_BACKEND=tensorflow');
    expect(await registry.models()).toEqual([]);
  });

  test('a model whose outputs are never finite', async () => {
    const path = modelFolder('nan', (graph, x) => unary(graph, 'Log', unary(graph, 'Neg', unary(graph, 'Abs', x))));
    expect(await publish(path)).toMatchObject({
      code: 1,
      err: expect.stringContaining('give examples of your own with --golden'),
    });
  });

  test.each([[[]], [['a', '--name']], [['a', 'b', '--name', 'x']], [['a', '--name', 'x', '--tasks', 'y']]])(
    'misuse is exit code 2: publish %j',
    async (args) => {
      expect((await command.run('publish', ...args)).code).toBe(2);
    },
  );
});
