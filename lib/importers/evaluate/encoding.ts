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
  IntegerLookup: integerLookup,
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
 * The place of each whole number in `vocabulary`, counted from behind the places kept for others: first one for `mask_token`, if
 * there is one, then `num_oov_indices` for numbers not in the vocabulary, to which they go by x mod num_oov_indices.
 */
function integerLookup(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const { name } = call.layer;
  if (config.flag('invert', false)) throw wrongField(name, 'invert', 'false', true);
  const mode = config.choice('output_mode', ['int', 'one_hot', 'multi_hot', 'binary', 'count'], 'int');
  const mask = config.has('mask_token') ? config.integer('mask_token') : undefined;
  if (mask !== undefined && mode !== 'int')
    throw wrongField(name, 'mask_token', "absent unless output_mode is 'int'", mask);
  const unknowns = config.integer('num_oov_indices', 1);
  if (unknowns < 0 || unknowns > 2 ** 20)
    throw wrongField(name, 'num_oov_indices', 'a small number from 0 up', unknowns);
  const first = mask === undefined ? 0 : 1;
  // Keras writes a learned vocabulary with the places for others in it, one given by the user without.
  const written = config.integers('vocabulary');
  const others = [
    ...Array<number>(first).fill(mask ?? 0),
    ...Array<number>(unknowns).fill(config.integer('oov_token', -1)),
  ];
  const tokens = others.every((token, i) => token === written[i]) ? written.slice(others.length) : written;
  const places = new Map(tokens.map((token, i) => [token, first + unknowns + i]));
  const x = firstInput(call);
  const found = x.data.map((value) => {
    const place = value === mask ? 0 : places.get(value);
    if (place === undefined && unknowns < 1) {
      throw new ModeletError('INVALID_INPUT', `layer '${name}': a number is not in its vocabulary; correct the input`);
    }
    return place ?? first + (((value % unknowns) + unknowns) % unknowns);
  });
  if (mode === 'int') return [ndArray(x.shape, found)];
  const padded = config.flag('pad_to_max_tokens', false) ? config.size('max_tokens') : unknowns + tokens.length;
  return [encode(call, ndArray(x.shape, found), mode === 'binary' ? 'multi_hot' : mode, padded)];
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
