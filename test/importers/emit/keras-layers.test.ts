import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeTensor, type Tensor } from '../../../lib/core/tensor.js';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import { emitters } from '../../../lib/importers/emit/emitters.js';
import type { KerasCall, KerasInput, KerasLayer } from '../../../lib/importers/keras/keras-model.js';
import { normaliseLayer } from '../../../lib/importers/keras/normalise-config.js';
import { runGraph } from '../run-graph.js';

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

interface Entry {
  readonly class: string;
  readonly config: Record<string, unknown>;
  readonly input: Numbers;
  readonly output: Numbers;
  readonly weights?: Record<string, Numbers>;
  readonly mask?: Numbers;
}

const floats = ({ shape, data }: Numbers): Tensor => makeTensor('FP32', shape, Float32Array.from(data));

/** The layer as the readers describe it. */
function toLayer(entry: Entry, keras: string): KerasLayer {
  const { className, config } = normaliseLayer({ className: entry.class, config: entry.config }, Number(keras[0]));
  const weights = Object.entries(entry.weights ?? {}).map(([name, numbers]) => {
    // What Keras 2 calls the kernel of a layer that has no other.
    const only = name === 'depthwise_kernel' && className.startsWith('Depthwise');
    return [only ? 'kernel' : name, floats(numbers)] as const;
  });
  return { name: 'layer', className, config, weights: new Map(weights), children: new Map() };
}

/** Several places for unknown integers, chosen by a hash: refused (`integer-lookup.ts`). */
function hashes({ class: className, config }: Entry): boolean {
  return className === 'IntegerLookup' && config.num_oov_indices !== 1;
}

// What Keras answers for single layers, in both versions; see generate.py beside the files.
describe.each(['keras-2', 'keras-3'])('layers of %s', (file) => {
  const path = join(__dirname, '../../fixtures/keras-layers', `${file}.json`);
  const { keras, layers } = JSON.parse(readFileSync(path, 'utf8')) as { keras: string; layers: Entry[] };
  const named = layers
    .filter((entry) => emitters.has(entry.class) && !hashes(entry))
    .map((entry) => {
      const settings = JSON.stringify(entry.config);
      return [`${entry.class} ${settings} of [${entry.input.shape}]`, entry] as const;
    });

  test.each(named)('%s', async (_name, entry) => {
    const { shape } = entry.input;
    const input: KerasInput = { name: 'in', datatype: 'FP32', shape: [-1, ...shape.slice(1)] };
    const mask = entry.mask && makeTensor('BOOL', entry.mask.shape, Uint8Array.from(entry.mask.data));
    const call: KerasCall = {
      layer: toLayer(entry, keras),
      args: [{ kind: 'value', ref: { input: 0 } }],
      kwargs: mask === undefined ? {} : { mask: { kind: 'value', ref: { input: 1 } } },
    };
    const graph = emitModel({
      name: 'model',
      kerasVersion: keras,
      inputs:
        mask === undefined ? [input] : [input, { name: 'mask', datatype: 'BOOL', shape: [-1, ...mask.shape.slice(1)] }],
      calls: [call],
      outputs: [{ name: 'out', value: { call: 0, output: 0 } }],
    });
    for (const backend of ['cpu', 'wasm']) {
      const [output] = await runGraph(
        graph,
        mask === undefined ? [floats(entry.input)] : [floats(entry.input), mask],
        backend,
      );
      expect(output?.shape).toEqual(entry.output.shape);
      const worst = entry.output.data.reduce((most, expected, i) => {
        const difference = Math.abs((output?.data[i] ?? Number.NaN) - expected) / Math.max(1, Math.abs(expected));
        return Number.isNaN(difference) ? difference : Math.max(most, difference);
      }, 0);
      expect(worst).toBeLessThan(4e-6);
    }
  });
});
