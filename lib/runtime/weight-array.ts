import type * as tf from '@tensorflow/tfjs-core';
import { type Datatype, elementCount } from '../core/tensor.js';
import type { Weight } from '../plans/packing-constants.js';
import type { WeightMemory } from './weights.js';

/** A weight in memory of JavaScript's, from where a plan packs it. */
export interface WeightArray extends WeightMemory {
  readonly weight: Weight;
}

const kinds = {
  float32: ['FP32', Float32Array],
  int32: ['INT32', Int32Array],
  bool: ['BOOL', Uint8Array],
} as const satisfies Record<string, readonly [Datatype, unknown]>;

/** @param spec of a kind that `storedBytes` knows */
export function weightArray({ shape, dtype }: tf.io.WeightsManifestEntry): WeightArray {
  const [datatype, TypedArray] = kinds[dtype as keyof typeof kinds];
  const data = new TypedArray(elementCount(shape));
  return {
    weight: { datatype, shape, data },
    bytes: () => new Uint8Array(data.buffer),
    dispose: () => undefined,
  };
}
