import * as v from 'valibot';
import { arithmetic } from '../graph/ops/elementwise.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { emitActivation } from './activations.js';
import { type Equation, einsum, parseEquation, project } from './einsum.js';
import { type Emitter, onlyInput } from './emit.js';

const einsumDenseSchema = v.object({
  equation: v.string(),
  bias_axes: v.nullish(v.string()),
  activation: v.unknown(),
});

/** activation(einsum(equation, x, kernel) + bias). */
const emitEinsumDense: Emitter = (graph, call) => {
  const { layer } = call;
  const { equation: text, bias_axes, activation } = readConfig(layer, einsumDenseSchema);
  const x = onlyInput(call);
  const kernel = layer.weights.get('kernel');
  if (kernel === undefined) throw refused(layer, "its weight 'kernel' is missing");
  const bias = layer.weights.get('bias');
  if (bias === undefined && bias_axes) throw refused(layer, "its weight 'bias' is missing");
  const equation = parseEquation(text, x.shape.length, kernel.shape.length);
  const summed = summedByKernel(equation);
  const fusible = bias === undefined || sameShape(bias.shape, kernel.shape.slice(summed));
  if (summed !== undefined && fusible) {
    return [
      project(graph, x, { kernel, bias }, summed, (rows, flatBias) =>
        emitActivation(
          graph,
          activation,
          flatBias === undefined ? rows : arithmetic(graph, 'AddV2', rows, flatBias),
          layer,
        ),
      ),
    ];
  }
  const product = einsum(graph, equation, x, graph.constant(kernel, 'kernel'));
  const sum = bias === undefined ? product : arithmetic(graph, 'AddV2', product, graph.constant(bias, 'bias'));
  return [emitActivation(graph, activation, sum, layer)];
};

/** How many of the last axes of x are the kernel's first and summed over, where that is all that happens (`abc,cde->abde`). */
function summedByKernel({ left, right, result }: Equation): number | undefined {
  const count = [...right].findIndex((letter) => !left.includes(letter));
  const summed = count === -1 ? right.length : count;
  const [inner, outer] = [right.slice(0, summed), right.slice(summed)];
  const leading = left.slice(0, left.length - summed);
  return summed > 0 && left.endsWith(inner) && result === leading + outer && outer !== '' ? summed : undefined;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

export const einsumDense: Readonly<Record<string, Emitter>> = { EinsumDense: emitEinsumDense };
