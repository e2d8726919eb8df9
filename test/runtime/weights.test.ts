import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import type { Manifest } from '../../lib/core/manifest.js';
import { createRandom } from '../../lib/core/random.js';
import { createCpuBackend } from '../../lib/runtime/cpu-backend.js';
import type { Graph } from '../../lib/runtime/model-artifacts.js';
import { packedWeights } from '../../lib/runtime/packed-weights.js';
import type { TfjsBackend, WeightType } from '../../lib/runtime/tfjs-backend.js';
import { allocateWeights } from '../../lib/runtime/weights.js';

const uint8 = { dtype: 'uint8', scale: 0.25, min: -3 } as const;
const weightSpecs: tf.io.WeightsManifestEntry[] = [
  { name: 'flags', shape: [3], dtype: 'bool' }, // so that nothing behind it is aligned
  { name: 'half', shape: [7, 5], dtype: 'float32', quantization: { dtype: 'float16' } },
  { name: 'bytes', shape: [11], dtype: 'float32', quantization: uint8 },
  { name: 'scalar', shape: [], dtype: 'int32' },
  { name: 'whole', shape: [4], dtype: 'int32', quantization: { ...uint8, scale: 1.5 } },
  { name: 'words', shape: [2, 3], dtype: 'float32', quantization: { ...uint8, dtype: 'uint16' } },
  { name: 'plain', shape: [13], dtype: 'float32' },
  { name: 'none', shape: [0, 2], dtype: 'float32' },
];
const total = 3 + 70 + 11 + 4 + 4 + 12 + 52;

const allocateIn = (backend: TfjsBackend) => (spec: tf.io.WeightsManifestEntry) =>
  backend.allocate(spec.shape, spec.dtype as WeightType, false);

test.each([1, 2, 7, 50, 1000])(
  'weights are what TF.js decodes, in pieces of up to %d bytes and any order',
  async (most) => {
    const backend = createCpuBackend();
    await backend.open();
    const random = createRandom(most);
    const bytes = Uint8Array.from({ length: total }, (_, index) =>
      index < 3 ? index & 1 : Math.floor(random() * 120),
    );
    // Two files, cut within a weight.
    const files = [bytes.subarray(0, 41), bytes.subarray(41)];
    const names = ['a.bin', 'b.bin'];
    const entries = files.map(({ length }, index) => ({ name: names[index], bytes: length, sha256: '', parts: [] }));
    const manifest = { model: 'm', version: '1', files: entries } as unknown as Manifest;
    const graph: Graph = { artifacts: { modelTopology: {} }, weightSpecs, weightFiles: names };
    const weights = allocateWeights(manifest, graph, allocateIn(backend));
    const pieces = files.flatMap((file, index) => {
      const cuts: { file: string; start: number; bytes: Uint8Array }[] = [];
      for (let start = 0; start < file.length; ) {
        const length = 1 + Math.floor(random() * most);
        cuts.push({ file: names[index] as string, start, bytes: file.slice(start, start + length) });
        start += length;
      }
      return cuts;
    });
    const [last, ...others] = pieces.sort(() => random() - 0.5);
    for (const piece of others) weights.put(piece);
    expect(() => weights.finish()).toThrow(/has no bytes for the weight/);
    weights.put(last as (typeof pieces)[number]);
    weights.finish();
    const expected = tf.io.decodeWeights(bytes.buffer, weightSpecs);
    for (const { name } of weightSpecs) {
      expect(weights.memories.get(name)?.tensor.dataSync()).toEqual(expected[name]?.dataSync());
      expect(weights.memories.get(name)?.tensor.shape).toEqual(expected[name]?.shape);
    }
    weights.dispose();
    tf.dispose(expected);
  },
);

test('a weight of a kind that is not served is MODEL_CORRUPT, and leaves nothing behind', async () => {
  const backend = createCpuBackend();
  await backend.open();
  const before = tf.memory().numTensors;
  const graph: Graph = {
    artifacts: { modelTopology: {} },
    weightSpecs: [
      { name: 'ok', shape: [2], dtype: 'float32' },
      { name: 'text', shape: [2], dtype: 'string' },
    ],
    weightFiles: [],
  };
  const manifest = { model: 'm', version: '1', files: [] } as unknown as Manifest;
  expect(() => allocateWeights(manifest, graph, allocateIn(backend))).toThrow(/'text' of a kind that can't be served/);
  expect(tf.memory().numTensors).toBe(before);
});

test('only a large weight of one product that is the same each time may give way to its packed copy', () => {
  const constant = (name: string) => ({ name, op: 'Const' });
  const product = (name: string, input: string[], op = 'MatMul', attr = {}) => ({ name, op, input, attr });
  const large = ['used', 'fused', 'twice', 'left', 'turned', 'summed', 'output', 'biased'];
  const node = [
    { name: 'x', op: 'Placeholder' },
    ...[...large, 'small', 'bias'].map(constant),
    product('a', ['x', 'used:0']),
    product('b', ['a', 'fused', 'bias', '^a'], '_FusedMatMul'),
    product('c', ['b', 'twice']),
    product('d', ['c', 'twice']),
    product('e', ['left', 'd']),
    product('f', ['e', 'turned'], 'MatMul', { transpose_b: { b: true } }),
    product('g', ['f', 'summed'], 'AddV2'),
    product('h', ['g', 'output']),
    product('i', ['h', 'biased', 'x'], '_FusedMatMul'),
    product('j', ['i', 'small']),
  ];
  const specs = [...large.map((name) => ({ name, shape: [512, 512] })), { name: 'small', shape: [4, 4] }];
  const graph: Graph = {
    artifacts: { modelTopology: { node } },
    weightSpecs: specs.map((spec) => ({ ...spec, dtype: 'float32' as const })),
    weightFiles: [],
  };
  expect([...packedWeights(graph, ['j', 'output:0'])]).toEqual(['used', 'fused']);
});
