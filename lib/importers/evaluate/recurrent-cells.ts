import type { KerasLayer } from '../keras/keras-model.js';
import { activate } from './activations.js';
import { type NdArray, ndArray } from './array.js';
import { multiplyMatrices } from './einsum.js';
import { weightOf } from './layer-weights.js';
import { readConfig, wrongField } from './read-config.js';
import type { Step } from './recurrent-loop.js';

export interface Cell {
  /** Shapes of the states, without the batch axis. */
  readonly states: readonly (readonly number[])[];
  readonly step: Step;
}

/** Each class's cell, for an input of `inputs` numbers a step. */
export const recurrentCells: Readonly<Record<string, (layer: KerasLayer, inputs: number) => Cell>> = {
  SimpleRNN: simpleCell,
  GRU: gruCell,
  LSTM: lstmCell,
};

/** h' = activation(x · kernel + h · recurrent_kernel + bias) */
function simpleCell(layer: KerasLayer, inputs: number): Cell {
  const units = readConfig(layer).size('units');
  const { kernel, recurrent, bias } = readWeights(layer, inputs, units, 1, 1);
  return {
    states: [[units]],
    step: (x, [h]) => {
      const sum = plus(affine(x, kernel, bias), affine(h, recurrent));
      const output = activated(layer, sum);
      return { output, states: [output] };
    },
  };
}

/**
 * z = σ(x·Wz + h·Uz), r = σ(x·Wr + h·Ur), ĥ = activation(x·Wh + candidate), h' = z·h + (1 - z)·ĥ, where the candidate is
 * r·(h·Uh + recurrent bias) with `reset_after` (a bias of two rows: one for the input, one for the state), else (r·h)·Uh.
 * σ is the `recurrent_activation`; the gates lie in the order z, r, h.
 */
function gruCell(layer: KerasLayer, inputs: number): Cell {
  const config = readConfig(layer);
  const units = config.size('units');
  // Written by all versions of Keras that have the setting; older ones have only the cell without it.
  const resetAfter = config.flag('reset_after', false);
  const { kernel, recurrent, bias, recurrentBias } = readWeights(layer, inputs, units, 3, resetAfter ? 2 : 1);
  const gate = gateOf(layer);
  const [recurrentZ, recurrentR, recurrentH] = columns(recurrent, 3) as [NdArray, NdArray, NdArray];
  const [biasZ, biasR, biasH] = recurrentBias === undefined ? [] : columns(recurrentBias, 3);
  return {
    states: [[units]],
    step: (x, [h]) => {
      const [xz, xr, xh] = columns(affine(x, kernel, bias), 3) as [NdArray, NdArray, NdArray];
      const z = gate(plus(xz, affine(h, recurrentZ, biasZ)));
      const r = gate(plus(xr, affine(h, recurrentR, biasR)));
      const candidate = resetAfter
        ? times(r, affine(h, recurrentH, biasH))
        : affine(times(r, h as NdArray), recurrentH);
      const proposed = activated(layer, plus(xh, candidate));
      const data = z.data.map((share, i) => share * (h?.data[i] ?? 0) + (1 - share) * (proposed.data[i] ?? 0));
      const output = ndArray(z.shape, data);
      return { output, states: [output] };
    },
  };
}

/**
 * i, f, o = σ(x·W + h·U + b) and ĉ = activation(x·W + h·U + b), each with its own part of the arrays, in the order i, f, ĉ, o;
 * c' = f·c + i·ĉ, h' = o·activation(c'). σ is the `recurrent_activation`; the states are h and c.
 */
function lstmCell(layer: KerasLayer, inputs: number): Cell {
  const units = readConfig(layer).size('units');
  const { kernel, recurrent, bias } = readWeights(layer, inputs, units, 4, 1);
  return {
    states: [[units], [units]],
    step: (x, [h, c]) => lstmStep(layer, plus(affine(x, kernel, bias), affine(h, recurrent)), c as NdArray),
  };
}

/** The part of an LSTM after its products, which convolutional LSTMs share. @param sums [batch, …, 4 · units] */
export function lstmStep(layer: KerasLayer, sums: NdArray, c: NdArray): ReturnType<Step> {
  const gate = gateOf(layer);
  const [i, f, proposed, o] = columns(sums, 4) as [NdArray, NdArray, NdArray, NdArray];
  const candidate = activated(layer, proposed);
  const carry = plus(times(gate(f), c), times(gate(i), candidate));
  const output = times(gate(o), activated(layer, carry));
  return { output, states: [output, carry] };
}

/** By `activation`, tanh in all versions of Keras where a file doesn't say it; null is none. */
function activated(layer: KerasLayer, x: NdArray): NdArray {
  const { activation = 'tanh' } = layer.config;
  return activate(activation, x, layer.name);
}

/** By `recurrent_activation`, which a file has to say: its default has changed between versions of Keras. */
function gateOf(layer: KerasLayer): (x: NdArray) => NdArray {
  const { recurrent_activation: activation } = layer.config;
  if (activation === undefined) throw wrongField(layer.name, 'recurrent_activation', 'an activation', activation);
  return (x) => activate(activation, x, layer.name);
}

interface CellWeights {
  readonly kernel: NdArray;
  readonly recurrent: NdArray;
  readonly bias?: NdArray;
  readonly recurrentBias?: NdArray;
}

function readWeights(layer: KerasLayer, inputs: number, units: number, gates: number, biases: 1 | 2): CellWeights {
  const kernel = weightOf(layer, 'kernel', [inputs, gates * units]);
  const recurrent = weightOf(layer, 'recurrent_kernel', [units, gates * units]);
  if (!readConfig(layer).flag('use_bias', true)) return { kernel, recurrent };
  const width = gates * units;
  const bias = weightOf(layer, 'bias', biases === 1 ? [width] : [2, width]).data;
  const row = (from: number) => ndArray([width], bias.slice(from, from + width));
  return { kernel, recurrent, bias: row(0), ...(biases === 2 && { recurrentBias: row(width) }) };
}

/** x · matrix + bias, for x [batch, inputs]. */
function affine(x: NdArray | undefined, matrix: NdArray, bias?: NdArray): NdArray {
  const [inner = 1, width = 1] = matrix.shape;
  const batch = x?.shape[0] ?? 1;
  const product = multiplyMatrices(x?.data ?? new Float64Array(), matrix.data, 1, batch, inner, width);
  return ndArray([batch, width], bias ? product.map((value, i) => value + (bias.data[i % width] ?? 0)) : product);
}

/** An array's last axis cut into equal parts. */
export function columns(x: NdArray, parts: number): NdArray[] {
  const whole = x.shape.at(-1) ?? 1;
  const width = whole / parts;
  const shape = [...x.shape.slice(0, -1), width];
  return Array.from({ length: parts }, (_, part) => {
    const result = ndArray(shape);
    result.data.forEach((_value, i) => {
      result.data[i] = x.data[Math.floor(i / width) * whole + part * width + (i % width)] ?? 0;
    });
    return result;
  });
}

export function plus(a: NdArray, b: NdArray): NdArray {
  return ndArray(
    a.shape,
    a.data.map((value, i) => value + (b.data[i] ?? 0)),
  );
}

function times(a: NdArray, b: NdArray): NdArray {
  return ndArray(
    a.shape,
    a.data.map((value, i) => value * (b.data[i] ?? 0)),
  );
}
