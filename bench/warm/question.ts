import { createRandom } from '../../lib/core/random.js';
import type { Signature } from '../../lib/core/tensor.js';
import { type Datatype, elementCount } from '../../lib/core/tensor.js';
import { vocabulary } from './text-layers.js';

export interface Question {
  readonly datatype: Extract<Datatype, 'FP32' | 'INT32'>;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

/** The same instances for every engine, no two of a batch alike: numbers of [0, 1), or tokens. */
export function questionOf({ inputs: [input] }: Signature, batch: number): Question {
  if (input === undefined) throw new Error('the model has no input');
  const shape = [batch, ...input.shape.slice(1)];
  const random = createRandom(8128);
  const values = Array.from({ length: elementCount(shape) }, random);
  return input.datatype === 'INT32'
    ? { datatype: 'INT32', shape, data: Int32Array.from(values, (value) => value * vocabulary) }
    : { datatype: 'FP32', shape, data: Float32Array.from(values) };
}
