import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeTensor } from '../../../lib/core/tensor.js';
import { type NdArray, ndArray } from '../../../lib/importers/evaluate/array.js';
import { type EvaluateCall, evaluateCall } from '../../../lib/importers/evaluate/evaluate.js';
import type { KerasLayer } from '../../../lib/importers/keras/keras-model.js';

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

const toArray = ({ shape, data }: Numbers): NdArray => ndArray(shape, Float64Array.from(data));

/** The layer as the readers describe it; of Keras 2 only what the readers rename is renamed here. */
function toLayer(entry: Entry, keras: string): KerasLayer {
  const activation = entry.config.activation;
  const old = keras.startsWith('2') && activation === 'hard_sigmoid';
  const weights = Object.entries(entry.weights ?? {}).map(
    ([name, { shape, data }]) => [name, makeTensor('FP32', shape, Float32Array.from(data))] as const,
  );
  return {
    name: 'layer',
    className: entry.class,
    config: old ? { ...entry.config, activation: 'hard_sigmoid_02' } : entry.config,
    weights: new Map(weights),
    children: new Map(),
  };
}

// What Keras answers for single layers, in both versions; see generate.py beside the files.
describe.each(['keras-2', 'keras-3'])('layers of %s', (file) => {
  const path = join(__dirname, '../../fixtures/keras-layers', `${file}.json`);
  const { keras, layers } = JSON.parse(readFileSync(path, 'utf8')) as { keras: string; layers: Entry[] };
  const named = layers.map((entry) => {
    const settings = JSON.stringify(entry.config);
    return [`${entry.class} ${settings} of [${entry.input.shape}]`, entry] as const;
  });

  test.each(named)('%s', (_name, entry) => {
    const input = toArray(entry.input);
    const x = entry.mask === undefined ? input : { ...input, mask: toArray(entry.mask) };
    const call: EvaluateCall = {
      kerasVersion: keras,
      layer: toLayer(entry, keras),
      args: [{ kind: 'value', value: x }],
      kwargs: {},
      inputs: [x],
    };
    const [output] = evaluateCall(call);
    expect(output?.shape).toEqual(entry.output.shape);
    const worst = entry.output.data.reduce((most, expected, i) => {
      const difference = Math.abs((output?.data[i] ?? Number.NaN) - expected) / Math.max(1, Math.abs(expected));
      return Math.max(most, difference);
    }, 0);
    expect(worst).toBeLessThan(2e-6);
  });
});
