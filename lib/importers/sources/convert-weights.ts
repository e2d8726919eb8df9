import { elementCount, makeTensor, type Tensor } from '../../core/tensor.js';
import type { WeightName } from '../keras/weight-names.js';
import { badSource } from './bad-source.js';
import type { WeightRecipe } from './bind-weights.js';
import type { LayerNode } from './layer-node.js';
import type { Origin, StoredRoster } from './stored-roster.js';
import type { StoredWeight } from './stored-weight.js';

/**
 * Weights of older layers as today's layers have them: what Keras 2 does itself when it loads them
 * (`preprocess_weights_for_loading`).
 */

/** Order in which Keras 1 stores the gates, and that in which they lie side by side today. */
const gates = {
  LSTM: { stored: ['i', 'c', 'f', 'o'], today: ['i', 'f', 'c', 'o'] },
  GRU: { stored: ['z', 'r', 'h'], today: ['z', 'r', 'h'] },
} as const;

/** Keras 1: an input kernel W, a state kernel U and a bias b for each gate. */
export function fromKeras1Gates(layer: LayerNode): StoredRoster {
  const { stored, today } = gates[layer.className as keyof typeof gates];
  const units = Number(layer.config.units);
  const weights = stored.flatMap((gate): WeightName[] => [
    { name: `W_${gate}`, shape: [null, units], trained: true },
    { name: `U_${gate}`, shape: [units, units], trained: true },
    { name: `b_${gate}`, shape: [units], trained: true },
  ]);
  return {
    weights,
    recipes: (own) => {
      const parts = (kind: string) =>
        today.map((gate) => own[weights.findIndex(({ name }) => name === `${kind}_${gate}`)] as StoredWeight);
      return new Map([
        ['kernel', { parts: parts('W'), assemble: sideBySide }],
        ['recurrent_kernel', { parts: parts('U'), assemble: sideBySide }],
        ['bias', { parts: parts('b'), assemble: sideBySide }],
      ]);
    },
  };
}

/** Joins along the last axis. */
function sideBySide(tensors: readonly Tensor[]): Tensor {
  const rows = Math.max(...tensors.map(({ shape }) => elementCount(shape.slice(0, -1))));
  const widths = tensors.map(({ shape }) => shape.at(-1) ?? 0);
  const width = widths.reduce((sum, one) => sum + one, 0);
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let at = row * width;
    tensors.forEach((tensor, index) => {
      const size = widths[index] as number;
      data.set(tensor.data.subarray(row * size, (row + 1) * size), at);
      at += size;
    });
  }
  return makeTensor('FP32', [...(tensors[0]?.shape.slice(0, -1) ?? []), width], data);
}

/**
 * cuDNN's own layout, in files with `CuDNNLSTM` and `CuDNNGRU` layers: each gate's kernels transposed, and two biases, of
 * which an LSTM's are added and a GRU's are those for input and state (`reset_after`).
 */
export function fromCudnn(layer: LayerNode, today: readonly WeightName[]): StoredRoster {
  const lstm = layer.className === 'LSTM';
  const count = lstm ? 4 : 3;
  const units = Number(layer.config.units);
  const weights = today.map((weight) => (weight.name === 'bias' ? { ...weight, shape: [2 * count * units] } : weight));
  const sum = ([bias]: readonly Tensor[]): Tensor => {
    const data = (bias as Tensor).data;
    return makeTensor(
      'FP32',
      [count * units],
      Float32Array.from({ length: count * units }, (_, i) => (data[i] ?? 0) + (data[i + count * units] ?? 0)),
    );
  };
  const pair = ([bias]: readonly Tensor[]): Tensor => makeTensor('FP32', [2, count * units], (bias as Tensor).data);
  const assemble = {
    kernel: reordered(count, false),
    recurrent_kernel: reordered(count, true),
    bias: lstm ? sum : pair,
  };
  return {
    weights,
    recipes: (own) =>
      new Map(
        weights.map(({ name }, index): [string, WeightRecipe] => [
          name,
          { parts: [own[index] as StoredWeight], assemble: assemble[name as keyof typeof assemble] },
        ]),
      ),
  };
}

/** Each gate's block [rows, units] transposed (state), or its numbers in row order laid down in column order (input). */
function reordered(count: number, transposed: boolean): (tensors: readonly Tensor[]) => Tensor {
  return ([kernel]) => {
    const { shape, data } = kernel as Tensor;
    const [rows = 0, width = 0] = shape;
    const units = width / count;
    const out = new Float32Array(data.length);
    for (let gate = 0; gate < count; gate++) {
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < units; c++) {
          const [fromRow, fromColumn] = transposed
            ? [c, r]
            : [Math.floor((r + c * rows) / units), (r + c * rows) % units];
          out[r * width + gate * units + c] = data[fromRow * width + gate * units + fromColumn] ?? 0;
        }
      }
    }
    return makeTensor('FP32', shape, out);
  };
}

const convolution = /^Conv[123]D(Transpose)?$/;

/**
 * Kernels of convolutions from Keras 1 and from Theano: with channels first they lie [out, in, …spatial] in Keras 1, and
 * Theano's are turned round along each spatial axis.
 */
export function fromTheano(layer: LayerNode, plain: StoredRoster, { major, theano }: Origin): StoredRoster {
  if (layer.className.startsWith('ConvLSTM')) {
    throw badSource(
      `the layer '${layer.name}' (${layer.className}) is of Keras 1 or Theano`,
      'save it with Keras 2 first',
    );
  }
  if (!convolution.test(layer.className)) return plain;
  const rank = Number(/Conv([123])D/.exec(layer.className)?.[1]);
  const order = major === 1 ? keras1Order(layer, rank) : undefined;
  const steps = ([tensor]: readonly Tensor[]): Tensor => {
    const straight = order === undefined ? (tensor as Tensor) : transpose(tensor as Tensor, order);
    const flat = rank === 1 && straight.shape.length === 4 ? dropAxis(straight, 1) : straight;
    return theano ? flip(flat, rank) : flat;
  };
  return {
    weights: plain.weights.map((weight) =>
      /kernel/.test(weight.name) && (order !== undefined || (major === 1 && rank === 1))
        ? { ...weight, shape: storedShape(weight, order, rank) }
        : weight,
    ),
    recipes: (own) =>
      new Map(
        [...plain.recipes(own)].map(([name, recipe]) => [
          name,
          /kernel/.test(name) ? { parts: recipe.parts, assemble: steps } : recipe,
        ]),
      ),
  };
}

/** Axes of the stored kernel in today's order: [spatial…, in, out]. */
function keras1Order(layer: LayerNode, rank: number): number[] | undefined {
  const first = layer.config.data_format === 'channels_first';
  const spatial = Array.from({ length: rank }, (_, axis) => axis);
  if (layer.className === 'Conv2DTranspose') return first ? [2, 3, 0, 1] : [0, 1, 3, 2];
  return first && rank > 1 ? [...spatial.map((axis) => axis + 2), 1, 0] : undefined;
}

/** What the settings say of a kernel, moved to where the file has it. */
function storedShape(
  { shape = [] }: WeightName,
  order: readonly number[] | undefined,
  rank: number,
): (number | null)[] {
  if (order === undefined) return rank === 1 ? [shape[0] ?? null, 1, ...shape.slice(1)] : [...shape];
  const stored: (number | null)[] = [];
  order.forEach((from, to) => {
    stored[from] = shape[to] ?? null;
  });
  return stored;
}

function dropAxis({ shape, data }: Tensor, axis: number): Tensor {
  return makeTensor('FP32', [...shape.slice(0, axis), ...shape.slice(axis + 1)], data);
}

/** @param order which axis of x each axis of the result is */
function transpose({ shape, data }: Tensor, order: readonly number[]): Tensor {
  const target = order.map((axis) => shape[axis] ?? 1);
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    let [rest, from] = [i, 0];
    for (let axis = target.length - 1; axis >= 0; axis--) {
      const size = target[axis] as number;
      from += (rest % size) * (strides[order[axis] as number] as number);
      rest = Math.floor(rest / size);
    }
    out[i] = data[from] as number;
  }
  return makeTensor('FP32', target, out);
}

/** Turns the first `rank` axes round, all at once: the spatial positions in reverse order. */
function flip({ shape, data }: Tensor, rank: number): Tensor {
  const positions = elementCount(shape.slice(0, rank));
  const block = data.length / Math.max(positions, 1);
  const out = new Float32Array(data.length);
  for (let p = 0; p < positions; p++) out.set(data.subarray(p * block, (p + 1) * block), (positions - 1 - p) * block);
  return makeTensor('FP32', shape, out);
}
