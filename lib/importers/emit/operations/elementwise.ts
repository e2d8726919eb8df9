import type { GraphBuilder, GraphValue } from '../../graph/graph-builder.js';
import {
  type Arithmetic,
  arithmetic,
  type Comparison,
  cast,
  comparison,
  not,
  scalar,
  select,
  type Unary,
  unary,
} from '../../graph/ops/elementwise.js';
import { asTruth } from '../score-masks.js';
import { clip as clipped } from '../shrinks.js';
import type { OperationEmitter } from './operation.js';

type Binary = (graph: GraphBuilder, a: GraphValue, b: GraphValue) => GraphValue;

const left = [0, 'x', 'x1', 'a'] as const;
const right = [1, 'y', 'x2', 'b'] as const;

/** Two operands of the same datatype; truth values count as 0 and 1. */
const binary =
  (apply: Binary, swapped = false): OperationEmitter =>
  ({ graph, together }) => {
    const [a, b] = together([...left], [...right]).map((x) => (x.datatype === 'BOOL' ? cast(graph, x, 'INT32') : x));
    return swapped ? apply(graph, b as GraphValue, a as GraphValue) : apply(graph, a as GraphValue, b as GraphValue);
  };

const by =
  (op: Arithmetic): Binary =>
  (graph, a, b) =>
    arithmetic(graph, op, a, b);

/** As of real numbers, also of integers. */
const inFloats =
  (apply: Binary): Binary =>
  (graph, a, b) =>
    apply(graph, cast(graph, a, 'FP32'), cast(graph, b, 'FP32'));

/** ⌊a / b⌋. Not by TF.js' FloorDiv, which makes integers of floats on cpu. */
const floorDivide: Binary = (graph, a, b) =>
  a.datatype === 'FP32'
    ? unary(graph, 'Floor', arithmetic(graph, 'RealDiv', a, b))
    : arithmetic(graph, 'FloorDiv', a, b);

/** a / b, and 0 where b is. */
const divideNoNan: Binary = (graph, a, b) => {
  const zero = scalar(graph, 0);
  return select(graph, comparison(graph, 'Equal', b, zero), zero, arithmetic(graph, 'RealDiv', a, b));
};

const compare =
  (op: Comparison): OperationEmitter =>
  ({ graph, together }) => {
    const [a, b] = together([...left], [...right]) as [GraphValue, GraphValue];
    return comparison(graph, op, a, b);
  };

const logical =
  (op: 'LogicalAnd' | 'LogicalOr' | 'NotEqual'): OperationEmitter =>
  ({ graph, operand }) =>
    comparison(graph, op, asTruth(graph, operand(...left)), asTruth(graph, operand(...right)));

/** Of floats; integers become such. */
const single =
  (op: Unary, factor?: number): OperationEmitter =>
  ({ graph, operand }) => {
    const y = unary(graph, op, cast(graph, operand(0, 'x', 'input', 'features'), 'FP32'));
    return factor === undefined ? y : arithmetic(graph, 'Mul', y, scalar(graph, factor));
  };

/** Of floats and integers. */
const keeping =
  (op: Unary): OperationEmitter =>
  ({ graph, operand }) =>
    unary(graph, op, operand(0, 'x', 'input'));

/** -1, 0 or 1. Not by TF.js' Sign, which takes 1e-7 for 0 on wasm. */
const sign: OperationEmitter = ({ graph, operand }) => {
  const x = operand(0, 'x');
  const zero = scalar(graph, 0, x.datatype === 'INT32' ? 'INT32' : 'FP32');
  const [above, below] = (['Greater', 'Less'] as const).map((op) =>
    cast(graph, comparison(graph, op, x, zero), x.datatype),
  );
  return arithmetic(graph, 'Sub', above as GraphValue, below as GraphValue);
};

const clip: OperationEmitter = (operation) => {
  const { graph } = operation;
  const limit = (position: number, ...names: string[]): unknown => operation.settingAt(position, ...names);
  const low = limit(1, 'x_min', 'clip_value_min', 'min_value');
  const high = limit(2, 'x_max', 'clip_value_max', 'max_value');
  const x = operation.operand(0, 'x', 't');
  if (typeof low !== 'number' || typeof high !== 'number') throw new RangeError('its limits should be numbers');
  const whole = Number.isInteger(low) && Number.isInteger(high);
  return clipped(graph, whole ? x : cast(graph, x, 'FP32'), low, high);
};

const where: OperationEmitter = ({ graph, operand, together }) => {
  const [yes, no] = together([1, 'x1', 'x'], [2, 'x2', 'y']) as [GraphValue, GraphValue];
  const condition = asTruth(graph, operand(0, 'condition'));
  if (yes.datatype !== 'BOOL') return select(graph, condition, yes, no);
  // TF.js' Select of truth values reads four bytes for each on wasm.
  const numbers = [yes, no].map((value) => cast(graph, value, 'FP32')) as [GraphValue, GraphValue];
  return asTruth(graph, select(graph, condition, ...numbers));
};

const powers = inFloats(by('Pow'));
const add = by('AddV2');
const subtract = by('Sub');
const multiply = by('Mul');
const divide = inFloats(by('RealDiv'));
const modulo = by('FloorMod');

export const elementwiseOperations: Readonly<Record<string, OperationEmitter>> = {
  add: binary(add),
  radd: binary(add, true),
  subtract: binary(subtract),
  sub: binary(subtract),
  rsub: binary(subtract, true),
  multiply: binary(multiply),
  mul: binary(multiply),
  rmul: binary(multiply, true),
  divide: binary(divide),
  div: binary(divide),
  true_divide: binary(divide),
  truediv: binary(divide),
  rtruediv: binary(divide, true),
  divide_no_nan: binary(inFloats(divideNoNan)),
  div_no_nan: binary(inFloats(divideNoNan)),
  floor_divide: binary(floorDivide),
  floordiv: binary(floorDivide),
  floor_div: binary(floorDivide),
  mod: binary(modulo),
  floormod: binary(modulo),
  maximum: binary(by('Maximum')),
  minimum: binary(by('Minimum')),
  pow: binary(powers),
  power: binary(powers),
  squared_difference: binary(by('SquaredDifference')),
  equal: compare('Equal'),
  not_equal: compare('NotEqual'),
  less: compare('Less'),
  less_equal: compare('LessEqual'),
  greater: compare('Greater'),
  greater_equal: compare('GreaterEqual'),
  logical_and: logical('LogicalAnd'),
  logical_or: logical('LogicalOr'),
  logical_xor: logical('NotEqual'),
  logical_not: ({ graph, operand }) => not(graph, asTruth(graph, operand(0, 'x'))),
  abs: keeping('Abs'),
  absolute: keeping('Abs'),
  negative: keeping('Neg'),
  neg: keeping('Neg'),
  square: keeping('Square'),
  sign,
  exp: single('Exp'),
  expm1: single('Expm1'),
  log: single('Log'),
  log1p: single('Log1p'),
  log2: single('Log', Math.LOG2E),
  log10: single('Log', Math.LOG10E),
  sqrt: single('Sqrt'),
  rsqrt: single('Rsqrt'),
  reciprocal: single('Reciprocal'),
  erf: single('Erf'),
  floor: single('Floor'),
  ceil: single('Ceil'),
  round: single('Round'),
  rint: single('Round'),
  sin: single('Sin'),
  cos: single('Cos'),
  tan: single('Tan'),
  arcsin: single('Asin'),
  asin: single('Asin'),
  arccos: single('Acos'),
  acos: single('Acos'),
  arctan: single('Atan'),
  atan: single('Atan'),
  sinh: single('Sinh'),
  cosh: single('Cosh'),
  arcsinh: single('Asinh'),
  asinh: single('Asinh'),
  arccosh: single('Acosh'),
  acosh: single('Acosh'),
  arctanh: single('Atanh'),
  atanh: single('Atanh'),
  clip,
  clip_by_value: clip,
  where,
  select: where,
};
