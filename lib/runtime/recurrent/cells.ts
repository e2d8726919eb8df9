import { activateIn } from './activations.js';
import type { Matrix, PackedLayer } from './packed-layer.js';
import type { RecurrentAttributes } from './recurrent-node.js';

/** Where a block's working values are in the layer's memory; offsets in floats, one row for each row of the block. */
export interface Areas {
  /** Gates, in rows of `layer.row`. */
  readonly gates: number;
  /** The candidate of a GRU, in rows of `layer.row`; for an LSTM one row of scratch. */
  readonly candidate: number;
  /** What a GRU multiplies for its candidate, in rows of `layer.width`. */
  readonly gated: number;
  /** h, then the LSTM's c, in rows of `layer.width`. */
  readonly states: readonly number[];
}

/** One time step of a block of rows. `input` is the offset of the step's input products, in rows of `layer.row`. */
export interface CellStep {
  /** What needs all rows at once: the products of the states. */
  multiply(rows: number, input: number): void;
  /** New states for one row; a row that is masked is left out. */
  update(row: number, input: number): void;
}

/** Keras' cell of these attributes: `LSTMCell`, `GRUCell`, `SimpleRNNCell`. */
export function createCell(layer: PackedLayer, attributes: RecurrentAttributes, areas: Areas): CellStep {
  if (attributes.cell === 'lstm') return lstm(layer, attributes, areas);
  if (attributes.cell === 'simple_rnn') return simpleRnn(layer, attributes, areas);
  return attributes.resetAfter ? gruResetAfter(layer, attributes, areas) : gru(layer, attributes, areas);
}

/** i, f, o = σ(z), c' = f · c + i · tanh(z_c), h' = o · tanh(c'), with σ and tanh standing for the two activations. */
function lstm(layer: PackedLayer, attributes: RecurrentAttributes, areas: Areas): CellStep {
  const { kernels, width, row, recurrent } = layer;
  const { memory } = kernels;
  const activate = activateIn(kernels, attributes.activation);
  const open = activateIn(kernels, attributes.recurrentActivation);
  const { gates, candidate } = areas;
  const [h, c] = areas.states as [number, number];
  return {
    multiply: (rows, input) => multiply(layer, h, width, recurrent[1], input, row, gates, rows),
    update: (index) => {
      const i = gates + index * row;
      const [f, z, o] = [i + width, i + 2 * width, i + 3 * width];
      const state = c + index * width;
      open(i, 2 * width);
      activate(z, width);
      open(o, width);
      for (let unit = 0; unit < width; unit++) {
        const kept = (memory[f + unit] as number) * (memory[state + unit] as number);
        const next = kept + (memory[i + unit] as number) * (memory[z + unit] as number);
        memory[state + unit] = next;
        memory[candidate + unit] = next;
      }
      activate(candidate, width);
      for (let unit = 0; unit < width; unit++) {
        memory[h + index * width + unit] = (memory[o + unit] as number) * (memory[candidate + unit] as number);
      }
    },
  };
}

/** z, r = σ(x + h · U), candidate = tanh(x_h + r · (h · U_h + b)), h' = z · h + (1 − z) · candidate. */
function gruResetAfter(layer: PackedLayer, attributes: RecurrentAttributes, areas: Areas): CellStep {
  const { kernels, width, row, recurrent, recurrentBias } = layer;
  const { memory } = kernels;
  const activate = activateIn(kernels, attributes.activation);
  const open = activateIn(kernels, attributes.recurrentActivation);
  const [h] = areas.states as [number];
  return {
    multiply: (rows) => multiply(layer, h, width, recurrent[1], recurrentBias, 0, areas.gates, rows),
    update: (index, input) => {
      const z = areas.gates + index * row;
      const [r, candidate] = [z + width, z + 2 * width];
      const x = input + index * row;
      for (let at = 0; at < 2 * width; at++) memory[z + at] = (memory[z + at] as number) + (memory[x + at] as number);
      open(z, 2 * width);
      for (let unit = 0; unit < width; unit++) {
        const reset = (memory[r + unit] as number) * (memory[candidate + unit] as number);
        memory[candidate + unit] = (memory[x + 2 * width + unit] as number) + reset;
      }
      activate(candidate, width);
      mix(memory, z, candidate, h + index * width, width);
    },
  };
}

/** z, r = σ(x + h · U), candidate = tanh(x_h + (r · h) · U_h), h' = z · h + (1 − z) · candidate. */
function gru(layer: PackedLayer, attributes: RecurrentAttributes, areas: Areas): CellStep {
  const { kernels, width, row, recurrent } = layer;
  const { memory } = kernels;
  const activate = activateIn(kernels, attributes.activation);
  const open = activateIn(kernels, attributes.recurrentActivation);
  const { gates, candidate, gated } = areas;
  const [h] = areas.states as [number];
  return {
    multiply: (rows, input) => {
      multiply(layer, h, width, recurrent[0], input, row, gates, rows);
      for (let index = 0; index < rows; index++) {
        const r = gates + index * row + width;
        open(r - width, 2 * width);
        for (let unit = 0; unit < width; unit++) {
          const at = index * width + unit;
          memory[gated + at] = (memory[r + unit] as number) * (memory[h + at] as number);
        }
      }
      multiply(layer, gated, width, recurrent[1], input + 2 * width, row, candidate, rows);
    },
    update: (index) => {
      activate(candidate + index * row, width);
      mix(memory, gates + index * row, candidate + index * row, h + index * width, width);
    },
  };
}

/** h' = tanh(x + h · U). */
function simpleRnn(layer: PackedLayer, attributes: RecurrentAttributes, areas: Areas): CellStep {
  const { kernels, width, row, recurrent } = layer;
  const { memory } = kernels;
  const activate = activateIn(kernels, attributes.activation);
  const [h] = areas.states as [number];
  return {
    multiply: (rows, input) => multiply(layer, h, width, recurrent[1], input, row, areas.gates, rows),
    update: (index) => {
      const z = areas.gates + index * row;
      activate(z, width);
      memory.copyWithin(h + index * width, z, z + width);
    },
  };
}

/** state = z · state + (1 − z) · candidate */
function mix(memory: Float32Array, z: number, candidate: number, state: number, width: number): void {
  for (let unit = 0; unit < width; unit++) {
    const share = memory[z + unit] as number;
    const next = (1 - share) * (memory[candidate + unit] as number);
    memory[state + unit] = share * (memory[state + unit] as number) + next;
  }
}

/** out = start + states · matrix; offsets and strides in floats. Results are rows of `layer.row`. */
function multiply(
  { kernels, row }: PackedLayer,
  states: number,
  width: number,
  { at, k, panels }: Matrix,
  start: number,
  startStride: number,
  out: number,
  rows: number,
): void {
  kernels.product(4 * states, 4 * width, 4 * at, 4 * start, 4 * startStride, 4 * out, 4 * row, rows, k, panels);
}
