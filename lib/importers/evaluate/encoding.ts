import { ModeletError } from '../../core/errors.js';
import { type NdArray, ndArray } from './array.js';
import { transpose } from './axes.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { readConfig, wrongField } from './read-config.js';

/** Layers that turn numbers into categories, and categories into vectors. */
export const encodings: Record<string, LayerFunction> = {
  CategoryEncoding: categoryEncoding,
  Discretization: discretization,
};

/** The whole numbers 0 … num_tokens - 1 as vectors; see `encode`. */
function categoryEncoding(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const mode = config.choice('output_mode', ['multi_hot', 'binary', 'one_hot', 'count'], 'multi_hot');
  const weights = call.kwargs.count_weights;
  if (weights !== undefined) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${call.layer.name}': count_weights can't be evaluated; leave them out`,
    );
  }
  return [encode(call, firstInput(call, 2, 3, 4), mode === 'binary' ? 'multi_hot' : mode, config.size('num_tokens'))];
}

/** For each number, how many of the ascending `bin_boundaries` are at most as large; as such or as vectors. */
function discretization(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  // Compared in float32, the type of Keras' inputs.
  const boundaries = config.numbers('bin_boundaries').map(Math.fround);
  if (boundaries.some((boundary, i) => boundary < (boundaries[i - 1] ?? -Infinity))) {
    throw wrongField(call.layer.name, 'bin_boundaries', 'ascending numbers', boundaries);
  }
  const mode = config.choice('output_mode', ['int', 'one_hot', 'multi_hot', 'count'], 'int');
  const x = firstInput(call, 2, 3, 4);
  const bins = ndArray(
    x.shape,
    x.data.map((value) => boundaries.filter((boundary) => boundary <= value).length),
  );
  return [mode === 'int' ? bins : encode(call, bins, mode, boundaries.length + 1)];
}

/**
 * Categories as vectors of `depth`: one_hot: a 1 at each one's place (a last axis of size 1 is replaced by the vector, else it is
 * added behind); multi_hot and count: all along axis 1 as one vector, with a 1 at the places named, or how often each is.
 */
function encode(call: EvaluateCall, given: NdArray, mode: 'one_hot' | 'multi_hot' | 'count', depth: number): NdArray {
  const x = mode === 'one_hot' ? given : transpose(given, [0, ...[...given.shape.keys()].slice(2), 1]);
  if (x.data.some((category) => !(category >= 0 && category < depth))) {
    const problem = `a category is not among the ${depth} from 0 up`;
    throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}': ${problem}; correct the input`);
  }
  const rank = x.shape.length;
  const together = mode === 'one_hot' ? 1 : (x.shape.at(-1) ?? 1);
  const replaced = mode !== 'one_hot' || (rank > 1 && x.shape.at(-1) === 1);
  const result = ndArray([...(replaced ? x.shape.slice(0, -1) : x.shape), depth]);
  x.data.forEach((category, i) => {
    const place = Math.floor(i / together) * depth + Math.trunc(category);
    result.data[place] = mode === 'count' ? (result.data[place] ?? 0) + 1 : 1;
  });
  return result;
}
