import { type GraphNode, registerOp } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { tfDatatype } from '../core/tf-datatypes.js';
import { allNodes, type ExecutorGraph } from './converter-graph.js';

type Compute = (inputs: readonly tf.Tensor[], attrs: Readonly<Record<string, unknown>>) => tf.Tensor;

const axes = (tensor: tf.Tensor | undefined): number[] => [...(tensor?.dataSync() ?? [])];
const pair = (compute: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Compute => {
  return ([a, b]) => compute(a as tf.Tensor, b as tf.Tensor);
};
const reduction = (compute: (x: tf.Tensor, axis: number[], keepDims: boolean) => tf.Tensor): Compute => {
  return ([x, axis], attrs) => compute(x as tf.Tensor, axes(axis), attrs.keep_dims === true);
};
const cumulative = (compute: typeof tf.cumsum): Compute => {
  return ([x, axis], { exclusive, reverse }) =>
    compute(x as tf.Tensor, axes(axis)[0] ?? 0, exclusive === true, reverse === true);
};

/** Ops whose result can be larger than what went in. */
const growing: Readonly<Record<string, Compute>> = {
  Add: pair(tf.add),
  AddV2: pair(tf.add),
  // What stands after the N are nodes that only have to run before.
  AddN: (inputs, { N }) => tf.addN(inputs.slice(0, Number(N))),
  Sub: pair(tf.sub),
  Mul: pair(tf.mul),
  Square: ([x]) => tf.square(x as tf.Tensor),
  SquaredDifference: pair(tf.squaredDifference),
  Neg: ([x]) => tf.neg(x as tf.Tensor),
  Pow: pair(tf.pow),
  Sum: reduction(tf.sum),
  Prod: reduction(tf.prod),
  Cumsum: cumulative(tf.cumsum),
  Cumprod: cumulative(tf.cumprod),
};

const checked = (op: string): string => `${op}, int64`;

/** Teaches TF.js' converter ops that refuse what INT32 has no room for. */
export function registerInt64Ops(): void {
  for (const [op, compute] of Object.entries(growing)) {
    registerOp(checked(op), ({ inputs, attrs }: GraphNode) => {
      // The axes of a reduction stand last, and stay whole.
      const floats = inputs.map((input, index) =>
        index > 0 && /^(Sum|Prod|Cum)/.test(op) ? input : tf.cast(input, 'float32'),
      );
      const estimate = compute(floats, attrs).dataSync();
      // FP32 knows numbers of this size to within 128.
      if (estimate.some((value) => !(Math.abs(value) < 2 ** 31 - 256))) {
        throw new RangeError(`${op} exceeds INT32, in which TensorFlow.js holds int64`);
      }
      return compute(inputs, attrs);
    });
  }
}

/** TF.js computes int64 in int32, where it wraps and TensorFlow's does not: such nodes are run by the checked ops. */
export function checkInt64(graph: ExecutorGraph): void {
  for (const node of [...Object.values(graph.nodes), ...allNodes(graph.functions)]) {
    if (!Object.hasOwn(growing, node.op) || tfDatatype(node.rawAttrs?.T?.type).name !== 'DT_INT64') continue;
    node.op = checked(node.op);
    node.category = 'custom';
  }
}
