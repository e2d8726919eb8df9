import { elementCount } from '../../core/tensor.js';
import { activate } from './activations.js';
import { type NdArray, ndArray } from './array.js';
import { broadcastTo } from './axes.js';
import { einsum, multiplyMatrices } from './einsum.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { weightOf } from './layer-weights.js';
import { readConfig, wrongField } from './read-config.js';

/** Layers that multiply by a matrix. */
export const dense: Record<string, LayerFunction> = { Dense: denseLayer, EinsumDense: einsumDense };

/** activation(x · kernel + bias) along the last axis, of an input of any rank; kernel is [inputs, units]. */
function denseLayer(call: EvaluateCall): NdArray[] {
  const { layer } = call;
  const config = readConfig(layer);
  const x = firstInput(call);
  const inputs = x.shape.at(-1) ?? 1;
  const kernel = weightOf(layer, 'kernel', [inputs, config.size('units')]);
  const units = kernel.shape[1] ?? 0;
  const rows = elementCount(x.shape.slice(0, -1));
  const product = ndArray(
    [...x.shape.slice(0, -1), units],
    multiplyMatrices(x.data, kernel.data, 1, rows, inputs, units),
  );
  const biased = config.flag('use_bias', true) ? add(product, weightOf(layer, 'bias', [units])) : product;
  return [activate(layer.config.activation, biased, layer.name)];
}

/**
 * activation(einsum(equation, x, kernel) + bias). The bias has the sizes of the output's axes named by `bias_axes`, and size 1
 * along those after the first of them, so that it broadcasts as in numpy.
 */
function einsumDense(call: EvaluateCall): NdArray[] {
  const { layer } = call;
  const { equation } = layer.config;
  if (typeof equation !== 'string') throw wrongField(layer.name, 'equation', 'an einsum equation', equation);
  const rank = (equation.split(/,|->/)[1] ?? '').trim().length;
  const product = einsum(equation, firstInput(call), weightOf(layer, 'kernel', Array(rank).fill(-1)), layer.name);
  const biased = readConfig(layer).has('bias_axes') ? add(product, biasOf(call, equation, product)) : product;
  return [activate(layer.config.activation, biased, layer.name)];
}

function biasOf({ layer }: EvaluateCall, equation: string, product: NdArray): NdArray {
  const axes = layer.config.bias_axes;
  const output = (equation.split('->')[1] ?? '').trim();
  const letters = output.replace('...', '');
  const found = typeof axes === 'string' ? [...axes].map((axis) => letters.indexOf(axis)) : [-1];
  if (found.includes(-1)) throw wrongField(layer.name, 'bias_axes', 'letters of the output', axes);
  // Counted from the end, unless the dots stand there.
  const sizes = output.endsWith('...') ? product.shape : product.shape.slice(-letters.length);
  const shape = sizes.map((size, axis) => (found.includes(axis) ? size : 1)).slice(Math.min(...found));
  return weightOf(layer, 'bias', shape);
}

/** x plus a bias that broadcasts from the last axis on. */
function add(x: NdArray, bias: NdArray): NdArray {
  const terms = broadcastTo(bias, x.shape).data;
  return ndArray(
    x.shape,
    x.data.map((value, i) => value + (terms[i] ?? 0)),
  );
}
