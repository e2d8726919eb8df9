import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTensor } from '../../../lib/core/tensor.js';
import { type NdArray, ndArray } from '../../../lib/importers/evaluate/array.js';
import type { EvaluateCall } from '../../../lib/importers/evaluate/evaluate.js';
import type { KerasLayer } from '../../../lib/importers/keras/keras-model.js';

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

export interface Entry {
  readonly class: string;
  readonly config: Record<string, unknown>;
  readonly input: Numbers;
  readonly output: Numbers;
  readonly weights?: Record<string, Numbers>;
  readonly mask?: Numbers;
}

const toArray = ({ shape, data }: Numbers): NdArray => ndArray(shape, Float64Array.from(data));

/** The layer as the readers describe it; of Keras 2 only what the readers rename is renamed here. */
export function toLayer(entry: Entry, keras: string): KerasLayer {
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

/** What Keras answers for single layers; see generate.py beside the files. */
export function readEntries(file: string): { keras: string; layers: Entry[] } {
  return JSON.parse(readFileSync(join(__dirname, '../../fixtures/keras-layers', `${file}.json`), 'utf8'));
}

/** A call of the layer on the entry's input. */
export function toCall(entry: Entry, keras: string, layer = toLayer(entry, keras)): EvaluateCall {
  const input = toArray(entry.input);
  const x = entry.mask === undefined ? input : { ...input, mask: toArray(entry.mask) };
  return { kerasVersion: keras, layer, args: [{ kind: 'value', value: x }], kwargs: {}, inputs: [x] };
}
