import type { Weight } from './layers-model.js';

/** ONNX' op of each cell, and which block of columns in Keras' kernels (i f c o; z r h) each of its gates is (i o f c; z r h). */
export const recurrent: Readonly<Record<string, { readonly cell: string; readonly gates: readonly number[] }>> = {
  LSTM: { cell: 'lstm', gates: [0, 3, 1, 2] },
  GRU: { cell: 'gru', gates: [0, 1, 2] },
};

/** A node of ONNX but for its input: W [1, gates · units, features], R [1, gates · units, units], B [1, 2 · gates · units]. */
export interface RecurrentLayer {
  readonly op: string;
  readonly attributes: Readonly<Record<string, number>>;
  readonly weights: readonly Weight[];
}

/**
 * A Keras layer with its usual activations, tanh and sigmoid, which are ONNX' own too.
 * @param cell as `ModeletRecurrent` calls it
 * @param weights kernel [features, gates · units], recurrent kernel [units, gates · units], bias [gates · units] or, for a GRU
 *   that resets after its product, [2, gates · units]
 */
export function recurrentLayer(cell: string, weights: readonly Weight[]): RecurrentLayer {
  const [op, known] = Object.entries(recurrent).find(([, each]) => each.cell === cell) ?? [];
  const [kernel, recurrentKernel, bias] = weights;
  if (op === undefined || known === undefined || !kernel || !recurrentKernel || !bias)
    throw new Error(`'${cell}' with ${weights.length} weights has no ONNX form here; add it to onnx-recurrent.ts`);
  const { gates } = known;
  const [units = 0, columns = 0] = recurrentKernel.shape;
  /** A row of Keras' for each input → a row of ONNX' for each gate and unit. */
  const turned = (name: string, { shape: [rows = 0], values }: Weight): Weight => ({
    name,
    shape: [1, columns, rows],
    values: Float32Array.from({ length: values.length }, (_, at) => {
      const [row, gateAndUnit] = [at % rows, Math.floor(at / rows)];
      return values[row * columns + columnOf(gateAndUnit)] as number;
    }),
  });
  const columnOf = (gateAndUnit: number): number =>
    (gates[Math.floor(gateAndUnit / units)] as number) * units + (gateAndUnit % units);
  const resetAfter = bias.shape.length === 2;
  const biases = Float32Array.from({ length: 2 * columns }, (_, at) => {
    if (at < columns) return bias.values[columnOf(at)] as number;
    return resetAfter ? (bias.values[columns + columnOf(at - columns)] as number) : 0;
  });
  return {
    op,
    attributes: { hidden_size: units, ...(op === 'GRU' ? { linear_before_reset: resetAfter ? 1 : 0 } : {}) },
    weights: [
      turned('W', kernel),
      turned('R', recurrentKernel),
      { name: 'B', shape: [1, 2 * columns], values: biases },
    ],
  };
}
