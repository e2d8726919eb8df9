import { type Areas, createCell } from './cells.js';

export type { RecurrentWeights } from './packed-layer.js';

import { type PackedLayer, packLayer, type RecurrentWeights } from './packed-layer.js';
import { cells, type RecurrentAttributes } from './recurrent-node.js';

/** One call's values, row-major. */
export interface Sequences {
  /** [batch, time, features] */
  readonly x: Float32Array;
  readonly batch: number;
  readonly time: number;
  /** [batch, time]: 0 where a step doesn't count. */
  readonly mask: ArrayLike<number> | undefined;
  /** [batch, units] each; none is zeros. */
  readonly states: readonly Float32Array[];
}

export interface RecurrentResult {
  /** [batch, units], or [batch, time, units] with `returnSequences`. */
  readonly output: Float32Array;
  /** [batch, units] each. */
  readonly states: readonly Float32Array[];
}

export type RecurrentLayer = (sequences: Sequences) => RecurrentResult;

/** Rows that are computed together, so that their gates stay in the cache. */
const blockRows = 64;
/** Floats of input, and of input products, that are held at a time: 512 KiB. Longer sequences are done piece by piece. */
const pieceFloats = 131_072;

/**
 * Keras' `rnn()` (keras/backend/tensorflow/rnn.py) over one of its cells. The input's products of many steps are one matrix
 * product; only the state's are done step by step. A masked step keeps the states and repeats the last output (zeros before
 * the first one, always zeros with `zeroOutputForMask`). Without any step the output is zeros.
 */
export function createRecurrentLayer(attributes: RecurrentAttributes, weights: RecurrentWeights): RecurrentLayer {
  const { features, units } = weights;
  const split = attributes.cell === 'gru' && !attributes.resetAfter ? 2 : 0;
  const piece = (row: number) => Math.max(pieceFloats, blockRows * row);
  const layer = packLayer(
    weights,
    split,
    (row, width) => piece(row) + piece(features) + blockRows * (2 * row + 3 * width),
  );
  const { kernels, row, width, kernel, bias } = layer;
  const { memory } = kernels;
  const xz = layer.free;
  const xAt = xz + piece(row);
  const areas = layOut(layer, xAt + piece(features), cells[attributes.cell].states);
  const cell = createCell(layer, attributes, areas);
  const [h] = areas.states as [number];

  return ({ x, batch, time, mask, states }) => {
    const { goBackwards, returnSequences, zeroOutputForMask } = attributes;
    const output = new Float32Array(batch * units * (returnSequences ? time : 1));
    const finals = areas.states.map(() => new Float32Array(batch * units));
    for (let first = 0; first < batch; first += blockRows) runBlock(first, Math.min(blockRows, batch - first));
    return { output, states: finals };

    function runBlock(first: number, rows: number): void {
      areas.states.forEach((at, index) => {
        memory.fill(0, at, at + rows * width);
        const initial = states[index];
        if (initial !== undefined) {
          for (let r = 0; r < rows; r++) copy(initial, (first + r) * units, memory, at + r * width, units);
        }
      });
      const started = new Uint8Array(rows);
      const steps = Math.floor(Math.min(piece(row) / (rows * row), piece(features) / (rows * Math.max(features, 1))));
      for (let begin = 0; begin < time; begin += steps) {
        runPiece(first, rows, begin, Math.min(begin + steps, time), started);
      }
      areas.states.forEach((at, index) => {
        for (let r = 0; r < rows; r++) {
          copy(memory, at + r * width, finals[index] as Float32Array, (first + r) * units, units);
        }
      });
    }

    function runPiece(first: number, rows: number, begin: number, end: number, started: Uint8Array): void {
      const stepAt = (step: number) => (goBackwards ? time - 1 - step : step);
      let to = xAt;
      for (let step = begin; step < end; step++) {
        for (let r = 0; r < rows; r++, to += features) {
          copy(x, ((first + r) * time + stepAt(step)) * features, memory, to, features);
        }
      }
      const { at, k, panels } = kernel;
      kernels.product(4 * xAt, 4 * k, 4 * at, 4 * bias, 0, 4 * xz, 4 * row, rows * (end - begin), k, panels);

      for (let step = begin; step < end; step++) {
        const input = xz + (step - begin) * rows * row;
        cell.multiply(rows, input);
        for (let r = 0; r < rows; r++) {
          const counts = mask === undefined || mask[(first + r) * time + stepAt(step)] !== 0;
          if (counts) {
            cell.update(r, input);
            started[r] = 1;
          }
          if (!returnSequences && step < time - 1) continue;
          // What is not written stays zero.
          if (!counts && (zeroOutputForMask || started[r] === 0)) continue;
          const at = returnSequences ? (first + r) * time + step : first + r;
          copy(memory, h + r * width, output, at * units, units);
        }
      }
    }
  };
}

/** The working values after the input, in a room of blockRows · (2 · row + 3 · width). */
function layOut({ row, width }: PackedLayer, from: number, stateCount: number): Areas {
  const candidate = from + blockRows * row;
  const gated = candidate + blockRows * row;
  const states = Array.from({ length: stateCount }, (_, index) => gated + blockRows * width * (1 + index));
  return { gates: from, candidate, gated, states };
}

/** A loop, because a view (`subarray`) for a few floats costs more than the copy. */
function copy(from: Float32Array, fromAt: number, to: Float32Array, toAt: number, length: number): void {
  for (let index = 0; index < length; index++) to[toAt + index] = from[fromAt + index] as number;
}
