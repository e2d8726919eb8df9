import { ModeletError } from '../../core/errors.js';
import { activate } from './activations.js';
import { type NdArray, ndArray, zeros } from './array.js';
import { transpose } from './axes.js';
import { multiplyMatrices } from './einsum.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { weightOf } from './layer-weights.js';
import { readConfig } from './read-config.js';

/** Layers that look vectors up in a table. */
export const embeddings: Record<string, LayerFunction> = { Embedding: lookUp, ReversibleEmbedding: reversible };

/**
 * Row x of the table, for each x; [batch, …] becomes [batch, …, output_dim]. Fractions are cut off. With `mask_zero` the mask is
 * x ≠ 0.
 * @throws ModeletError INVALID_INPUT for an index outside 0 … input_dim - 1, for which TensorFlow on a CPU fails too
 */
function lookUp(call: EvaluateCall): NdArray[] {
  const { layer } = call;
  const config = readConfig(layer);
  const [rows, width] = [config.size('input_dim'), config.size('output_dim')];
  const table = weightOf(layer, 'embeddings', [rows, width]).data;
  const x = firstInput(call);
  const shape = [...x.shape, width];
  const data = zeros(shape);
  x.data.forEach((value, i) => {
    const row = Math.trunc(value);
    if (!(row >= 0 && row < rows)) {
      const range = `0 to ${rows - 1}`;
      throw new ModeletError(
        'INVALID_INPUT',
        `layer '${layer.name}': ${value} is no index of its table; give ${range}`,
      );
    }
    data.set(table.subarray(row * width, (row + 1) * width), i * width);
  });
  const mask = ndArray(
    x.shape,
    x.data.map((value) => Number(value !== 0)),
  );
  return [config.flag('mask_zero', false) ? { shape, data, mask } : { shape, data }];
}

/**
 * Keras 3's embedding that can also go back: with the argument `reverse` x · tableᵀ, or x · reverse_embeddings where the weights
 * aren't tied; then soft_cap · tanh(y / soft_cap) where there is a `logit_soft_cap`.
 */
function reversible(call: EvaluateCall): NdArray[] {
  const { layer } = call;
  const reverse = call.kwargs.reverse;
  if (reverse?.kind !== 'constant' || reverse.value !== true) return lookUp(call);
  const config = readConfig(layer);
  const [rows, width] = [config.size('input_dim'), config.size('output_dim')];
  const kernel = config.flag('tie_weights', true)
    ? transpose(weightOf(layer, 'embeddings', [rows, width]), [1, 0])
    : weightOf(layer, 'reverse_embeddings', [width, rows]);
  const x = firstInput(call);
  if (x.shape.at(-1) !== width) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${layer.name}' is given [${x.shape}] to reverse; it takes vectors of ${width}`,
    );
  }
  const shape = [...x.shape.slice(0, -1), rows];
  const logits = ndArray(shape, multiplyMatrices(x.data, kernel.data, 1, x.data.length / width, width, rows));
  if (!config.has('logit_soft_cap')) return [logits];
  const cap = config.number('logit_soft_cap');
  const scaled = ndArray(
    shape,
    logits.data.map((value) => value / cap),
  );
  return [
    ndArray(
      shape,
      activate('tanh', scaled, layer.name).data.map((value) => value * cap),
    ),
  ];
}
