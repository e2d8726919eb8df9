import { makeTensor } from '../../../core/tensor.js';
import * as attribute from '../attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';

export type Arithmetic =
  | 'AddV2'
  | 'Sub'
  | 'Mul'
  | 'RealDiv'
  | 'FloorDiv'
  | 'Maximum'
  | 'Minimum'
  | 'Pow'
  | 'SquaredDifference'
  | 'FloorMod';
export type Comparison =
  | 'Equal'
  | 'NotEqual'
  | 'Less'
  | 'LessEqual'
  | 'Greater'
  | 'GreaterEqual'
  | 'LogicalAnd'
  | 'LogicalOr';
export type Unary =
  | 'Relu'
  | 'Relu6'
  | 'Elu'
  | 'Selu'
  | 'Sigmoid'
  | 'Tanh'
  | 'Softplus'
  | 'Exp'
  | 'Log'
  | 'Log1p'
  | 'Sqrt'
  | 'Rsqrt'
  | 'Square'
  | 'Abs'
  | 'Neg'
  | 'Erf'
  | 'Sin'
  | 'Cos'
  | 'Floor'
  | 'Ceil'
  | 'Round'
  | 'Sign'
  | 'Reciprocal'
  | 'Expm1'
  | 'Tan'
  | 'Asin'
  | 'Acos'
  | 'Atan'
  | 'Sinh'
  | 'Cosh'
  | 'Asinh'
  | 'Acosh'
  | 'Atanh'
  | 'LogSoftmax'
  | 'Softmax';

/**
 * Elementwise with NumPy's broadcasting.
 * @returns the broadcast shape; where a size is unknown on one side and not 1 on the other, the other's
 */
export function arithmetic(graph: GraphBuilder, op: Arithmetic, a: GraphValue, b: GraphValue): GraphValue {
  return graph.node(op, [a, b], {}, { datatype: a.datatype, shape: broadcastShape(a.shape, b.shape) });
}

/** As `arithmetic`, with a result of truth values. */
export function comparison(graph: GraphBuilder, op: Comparison, a: GraphValue, b: GraphValue): GraphValue {
  return graph.node(op, [a, b], {}, { datatype: 'BOOL', shape: broadcastShape(a.shape, b.shape) });
}

export function unary(graph: GraphBuilder, op: Unary, x: GraphValue): GraphValue {
  return graph.node(op, [x], {}, { datatype: x.datatype, shape: x.shape });
}

/** !x, of truth values. */
export function not(graph: GraphBuilder, x: GraphValue): GraphValue {
  return graph.node('LogicalNot', [x], {}, { datatype: 'BOOL', shape: x.shape });
}

/** `yes` where the condition holds, else `no`; all three are broadcast. */
export function select(graph: GraphBuilder, condition: GraphValue, yes: GraphValue, no: GraphValue): GraphValue {
  const shape = broadcastShape(condition.shape, broadcastShape(yes.shape, no.shape));
  return graph.node(
    'SelectV2',
    [condition, yes, no],
    { T: attribute.type(yes.datatype) },
    { datatype: yes.datatype, shape },
  );
}

export function cast(graph: GraphBuilder, x: GraphValue, datatype: GraphValue['datatype']): GraphValue {
  if (x.datatype === datatype) return x;
  const attributes = { SrcT: attribute.type(x.datatype), DstT: attribute.type(datatype) };
  return { ...graph.node('Cast', [x], attributes, { datatype, shape: x.shape }), mask: x.mask };
}

/** A constant of one number, of the datatype of `like`. */
export function scalar(graph: GraphBuilder, value: number, datatype: 'FP32' | 'INT32' = 'FP32'): GraphValue {
  const data = datatype === 'FP32' ? Float32Array.of(value) : Int32Array.of(value);
  return graph.constant(makeTensor(datatype, [], data), 'value');
}

/** @throws RangeError for shapes that don't go together */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1 || left === -1) return right;
    if (right === -1) return left;
    throw new RangeError(`shapes [${a}] and [${b}] can't be broadcast`);
  });
}
