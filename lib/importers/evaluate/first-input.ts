import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import type { NdArray } from './array.js';
import type { EvaluateCall } from './evaluate.js';

/**
 * The one array that most layers take.
 * @param rank how many dimensions the layer needs, the batch included; several where it takes any of them; none: any
 * @throws ModeletError INVALID_INPUT
 */
export function firstInput(call: EvaluateCall, ...ranks: readonly number[]): NdArray {
  const [x] = call.inputs;
  const { name } = call.layer;
  if (x === undefined) throw new ModeletError('INVALID_INPUT', `layer '${name}' is given nothing; connect its input`);
  if (ranks.length > 0 && !ranks.includes(x.shape.length)) {
    const must = `${ranks.join(' or ')} dimensions`;
    throw new ModeletError('INVALID_INPUT', `layer '${name}' is given ${formatShape(x.shape)}; it takes ${must}`);
  }
  return x;
}
