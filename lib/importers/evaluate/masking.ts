import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import { type NdArray, ndArray } from './array.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { readConfig } from './read-config.js';

/** The layer that makes a mask from what it is given. */
export const masking: Record<string, LayerFunction> = { Masking: maskSteps };

/** A step counts where any of its numbers differs from `mask_value`; the numbers of the others become 0. */
function maskSteps(call: EvaluateCall): NdArray[] {
  // Compared in float32, the type of Keras' inputs.
  const masked = Math.fround(readConfig(call.layer).number('mask_value', 0));
  const x = firstInput(call);
  if (x.shape.length < 2) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${call.layer.name}' is given ${formatShape(x.shape)}; it takes steps of several numbers`,
    );
  }
  const width = x.shape.at(-1) ?? 1;
  const mask = ndArray(x.shape.slice(0, -1));
  x.data.forEach((value, i) => {
    if (Math.fround(value) !== masked) mask.data[Math.floor(i / width)] = 1;
  });
  const data = x.data.map((value, i) => value * (mask.data[Math.floor(i / width)] ?? 0));
  return [{ shape: x.shape, data, mask }];
}

/** The mask that counts for a layer's first input: one given by name goes before the one that comes with the input. */
export function maskOf({ kwargs, inputs }: Pick<EvaluateCall, 'kwargs' | 'inputs'>): NdArray | undefined {
  return kwargs.mask?.kind === 'value' ? kwargs.mask.value : inputs[0]?.mask;
}
