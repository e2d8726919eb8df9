import { createSimdKernels, panelWidth, type SimdKernels } from './simd-kernels.js';

/** Weights as Keras has them, row-major. */
export interface RecurrentWeights {
  readonly features: number;
  readonly units: number;
  readonly gates: number;
  /** [features, gates · units] */
  readonly kernel: Float32Array;
  /** [units, gates · units] */
  readonly recurrentKernel: Float32Array;
  /** [gates · units] of the input product; undefined is zeros. */
  readonly bias: Float32Array | undefined;
  /** [gates · units] of the recurrent product. */
  readonly recurrentBias: Float32Array | undefined;
}

/** A matrix in the memory, packed for `product`; offsets in floats. */
export interface Matrix {
  readonly at: number;
  readonly k: number;
  readonly panels: number;
}

/**
 * A layer's weights in a memory with room for its working values. Units are padded to a multiple of 4, so that each gate is
 * whole vectors: what is computed in the padding has no way into a unit that counts.
 */
export interface PackedLayer {
  readonly kernels: SimdKernels;
  readonly units: number;
  /** `units` rounded up: the width of a gate, a state's row. */
  readonly width: number;
  /** Floats of a row of all gates: gates · width rounded up to whole panels. */
  readonly row: number;
  readonly kernel: Matrix;
  /** One matrix for the gates before `split`, one for those from it on; `split` 0 leaves the first empty. */
  readonly recurrent: readonly [Matrix, Matrix];
  readonly bias: number;
  readonly recurrentBias: number;
  /** Where working values may be, up to the memory's end. */
  readonly free: number;
}

/**
 * @param split the gates from this one on get a recurrent matrix of their own: GRU without reset_after multiplies them apart
 * @param working floats of room for working values
 */
export function packLayer(
  weights: RecurrentWeights,
  split: number,
  working: (row: number, width: number) => number,
): PackedLayer {
  const { units, gates, features } = weights;
  const width = roundUp(units, 4);
  const row = roundUp(gates * width, panelWidth);
  const matrices: { source: Float32Array; k: number; from: number; to: number; matrix: Matrix }[] = [];
  let end = 0;
  const take = (floats: number): number => {
    const at = end;
    end += roundUp(floats, panelWidth);
    return at;
  };
  const matrix = (source: Float32Array, k: number, from: number, to: number): Matrix => {
    const panels = Math.ceil(((to - from) * width) / panelWidth);
    const made = { at: take(panels * panelWidth * k), k, panels };
    matrices.push({ source, k, from, to, matrix: made });
    return made;
  };
  const kernel = matrix(weights.kernel, features, 0, gates);
  const recurrent = [
    matrix(weights.recurrentKernel, units, 0, split),
    matrix(weights.recurrentKernel, units, split, gates),
  ] as const;
  const [bias, recurrentBias] = [take(row), take(row)];
  const free = end;
  const kernels = createSimdKernels(4 * (free + working(row, width)));
  const { memory } = kernels;

  for (const { source, k, from, to, matrix } of matrices) {
    // In the source's order, because large kernels don't fit a cache.
    for (let row = 0; row < k; row++) {
      eachColumn(from, to, (column, packed) => {
        const panel = matrix.at + (packed - (packed % panelWidth)) * k + (packed % panelWidth);
        memory[panel + row * panelWidth] = source[row * gates * units + column] as number;
      });
    }
  }
  eachColumn(0, gates, (column, packed) => {
    memory[bias + packed] = weights.bias?.[column] ?? 0;
    memory[recurrentBias + packed] = weights.recurrentBias?.[column] ?? 0;
  });
  return { kernels, units, width, row, kernel, recurrent, bias, recurrentBias, free };

  /** Columns of the gates `from` up to `to`: where Keras has them, and where they are with padding. */
  function eachColumn(from: number, to: number, visit: (column: number, packed: number) => void): void {
    for (let gate = from; gate < to; gate++) {
      for (let unit = 0; unit < units; unit++) visit(gate * units + unit, (gate - from) * width + unit);
    }
  }
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
