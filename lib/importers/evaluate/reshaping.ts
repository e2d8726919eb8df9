import { ModeletError } from '../../core/errors.js';
import { elementCount, formatShape } from '../../core/tensor.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo, transpose } from './axes.js';
import { isChannelsFirst } from './channels-last.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { readConfig, wrongField } from './read-config.js';

/** Layers that order the same numbers differently, or repeat them. */
export const reshaping: Record<string, LayerFunction> = {
  Flatten: flatten,
  Permute: permute,
  RepeatVector: repeatVector,
  Reshape: reshape,
};

/** [batch, …] to [batch, all the rest]; where the channels come first they are moved to the end before. */
function flatten(call: EvaluateCall): NdArray[] {
  const x = firstInput(call);
  const first = isChannelsFirst(readConfig(call.layer)) && x.shape.length > 1;
  const moved = first ? transpose(x, [0, ...[...x.shape.keys()].slice(2), 1]) : x;
  return [ndArray([x.shape[0] ?? 1, elementCount(x.shape.slice(1))], moved.data)];
}

/** Axis `dims[i]` of each example becomes its axis i + 1; axes are counted from 1, the batch being 0. */
function permute(call: EvaluateCall): NdArray[] {
  const dims = readConfig(call.layer).sizes('dims');
  if ([...dims].sort((a, b) => a - b).some((dim, i) => dim !== i + 1)) {
    throw wrongField(call.layer.name, 'dims', `the axes 1 to ${dims.length} in any order`, dims);
  }
  return [transpose(firstInput(call, dims.length + 1), [0, ...dims])];
}

/** [batch, features] to [batch, n, features]. */
function repeatVector(call: EvaluateCall): NdArray[] {
  const n = readConfig(call.layer).size('n');
  const x = firstInput(call, 2);
  const [batch = 1, features = 1] = x.shape;
  return [broadcastTo(ndArray([batch, 1, features], x.data), [batch, n, features])];
}

/** Each example in row-major order in a new shape, of which one size may be -1: what is left. */
function reshape(call: EvaluateCall): NdArray[] {
  const target = readConfig(call.layer).integers('target_shape');
  const x = firstInput(call);
  const [size, known] = [elementCount(x.shape.slice(1)), elementCount(target.filter((dim) => dim !== -1))];
  const shape = [x.shape[0] ?? 1, ...target.map((dim) => (dim === -1 ? size / known : dim))];
  if (target.filter((dim) => dim === -1).length > 1 || shape.some((dim) => !Number.isInteger(dim) || dim < 0)) {
    throw wrongField(call.layer.name, 'target_shape', `sizes for ${size} elements, -1 at most once`, target);
  }
  if (elementCount(shape) !== x.data.length) {
    const problem = `${formatShape(x.shape)} doesn't go into [${target}]`;
    throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}': ${problem}; correct target_shape`);
  }
  return [ndArray(shape, x.data)];
}
