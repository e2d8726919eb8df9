import type { GraphBuilder, GraphValue } from '../../graph/graph-builder.js';
import { arithmetic, cast } from '../../graph/ops/elementwise.js';
import { batchMatMul, matMul, overLastAxis } from '../../graph/ops/product.js';
import { expandDims, squeeze, transpose } from '../../graph/ops/shape.js';
import { type Equation, einsum, parseEquation } from '../einsum.js';
import { axesOf, type Operation, type OperationEmitter } from './operation.js';

const inFloats = ({ graph }: Operation, x: GraphValue): GraphValue => cast(graph, x, 'FP32');

/** Matrix products as of np.matmul: vectors, matrices, and stacks of matrices. */
const matmul: OperationEmitter = (operation) => {
  const { graph, operand, setting } = operation;
  const turned = (x: GraphValue, ...names: string[]): GraphValue =>
    names.some((name) => setting(name) === true) ? swapLast(graph, x) : x;
  const a = turned(inFloats(operation, operand(0, 'x1', 'a', 'x')), 'transpose_a', 'adjoint_a');
  const b = turned(inFloats(operation, operand(1, 'x2', 'b', 'y')), 'transpose_b', 'adjoint_b');
  const left = a.shape.length === 1 ? expandDims(graph, a, 0) : a;
  const right = b.shape.length === 1 ? expandDims(graph, b, 1) : b;
  const product =
    right.shape.length === 2
      ? overLastAxis(graph, left, (rows) => matMul(graph, rows, right))
      : batchMatMul(graph, left, right);
  const rank = product.shape.length;
  const gone = [...(a.shape.length === 1 ? [rank - 2] : []), ...(b.shape.length === 1 ? [rank - 1] : [])];
  return gone.length === 0 ? product : squeeze(graph, product, gone);
};

function swapLast(graph: GraphBuilder, x: GraphValue): GraphValue {
  const rank = x.shape.length;
  return transpose(
    graph,
    x,
    x.shape.map((_, axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis)),
  );
}

/** The first value and the second with letters of their own; the pairs of axes share one and are summed over. */
function contraction(a: GraphValue, b: GraphValue, pairs: readonly (readonly [number, number])[]): Equation {
  const left = a.shape.map((_, axis) => String.fromCharCode(97 + axis));
  const right = b.shape.map((_, axis) => {
    const pair = pairs.find(([, other]) => other === axis);
    return pair === undefined ? String.fromCharCode(65 + axis) : (left[pair[0]] as string);
  });
  const kept = [
    ...left.filter((_, axis) => !pairs.some(([one]) => one === axis)),
    ...right.filter((_, axis) => !pairs.some(([, other]) => other === axis)),
  ];
  return { left: left.join(''), right: right.join(''), result: kept.join('') };
}

/** np.dot: over the last axis of the first and the last but one of the second. */
const dot: OperationEmitter = (operation) => {
  const [a, b] = [operation.operand(0, 'x1', 'x'), operation.operand(1, 'x2', 'y')].map((x) =>
    inFloats(operation, x),
  ) as [GraphValue, GraphValue];
  const pair = [a.shape.length - 1, Math.max(0, b.shape.length - 2)] as const;
  return einsum(operation.graph, contraction(a, b, [pair]), a, b);
};

const tensordot: OperationEmitter = (operation) => {
  const [a, b] = [operation.operand(0, 'x1', 'a'), operation.operand(1, 'x2', 'b')].map((x) =>
    inFloats(operation, x),
  ) as [GraphValue, GraphValue];
  const axes = operation.settingAt(2, 'axes') ?? 2;
  const count = typeof axes === 'number' ? axes : undefined;
  const [left, right] =
    count === undefined
      ? (axes as [unknown, unknown])
      : [
          a.shape.slice(a.shape.length - count).map((_, axis) => a.shape.length - count + axis),
          b.shape.slice(0, count).map((_, axis) => axis),
        ];
  const others = axesOf(right, b.shape.length);
  const pairs = axesOf(left, a.shape.length).map((axis, index) => [axis, others[index] as number] as const);
  return einsum(operation.graph, contraction(a, b, pairs), a, b);
};

const einsumOperation: OperationEmitter = (operation) => {
  const { graph, call } = operation;
  const first = call.args[0];
  // Keras 3 has the equation in the configuration, TensorFlow as the first argument.
  const leading = first?.kind === 'constant' && typeof first.value === 'string' ? 1 : 0;
  const text = operation.setting('subscripts', 'equation') ?? (first?.kind === 'constant' ? first.value : undefined);
  if (call.inputs.length === 0) throw new RangeError("Keras 2 doesn't write its operands into the file; use tf.matmul");
  if (call.inputs.length !== 2) throw new RangeError('only equations of two operands are supported');
  const [a, b] = [operation.operand(leading), operation.operand(leading + 1)].map((x) => inFloats(operation, x)) as [
    GraphValue,
    GraphValue,
  ];
  return einsum(graph, parseEquation(String(text), a.shape.length, b.shape.length), a, b);
};

const biasAdd: OperationEmitter = ({ graph, together, setting }) => {
  if (String(setting('data_format') ?? 'N..C').startsWith('NC'))
    throw new RangeError('only channels last are supported');
  const [x, bias] = together([0, 'x', 'value'], [1, 'bias']) as [GraphValue, GraphValue];
  return arithmetic(graph, 'AddV2', x, bias);
};

export const productOperations: Readonly<Record<string, OperationEmitter>> = {
  matmul,
  dot,
  tensordot,
  einsum: einsumOperation,
  bias_add: biasAdd,
};
