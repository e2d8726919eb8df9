import type { Datatype } from '../../core/tensor.js';
import type { BinaryKind, ReduceKind, UnaryKind } from './kinds.js';

type Binary = (a: number, b: number) => number;

const equal: Binary = (a, b) => Number(a === b);
const notEqual: Binary = (a, b) => Number(a !== b);
const less: Binary = (a, b) => Number(a < b);
const lessEqual: Binary = (a, b) => Number(a <= b);
const greater: Binary = (a, b) => Number(a > b);
const greaterEqual: Binary = (a, b) => Number(a >= b);
const floorDiv: Binary = (a, b) => Math.floor(a / b);

/** What kernels compute, for numbers that are known while a plan is made; those that are missing are left to the kernels. */
export const knownBinary: Readonly<Partial<Record<BinaryKind, Binary>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
  ...{ equal, notEqual, less, lessEqual, greater, greaterEqual },
  intAdd: (a, b) => a + b,
  intSub: (a, b) => a - b,
  intMul: (a, b) => a * b,
  intEqual: equal,
  intNotEqual: notEqual,
  intLess: less,
  intLessEqual: lessEqual,
  intGreater: greater,
  intGreaterEqual: greaterEqual,
  and: Math.min,
  or: Math.max,
  intMax: Math.max,
  intMin: Math.min,
  intFloorDiv: floorDiv,
  intFloorMod: (a, b) => a - b * floorDiv(a, b),
};

type Unary = (x: number, alpha: number, beta: number) => number;

export const knownUnary: Readonly<Partial<Record<UnaryKind, Unary>>> = {
  copy: (x) => x,
  neg: (x) => -x,
  abs: Math.abs,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  floor: Math.floor,
  ceil: Math.ceil,
  affine: (x, alpha, beta) => alpha * x + beta,
  toInt: Math.trunc,
  toFloat: (x) => x,
  not: (x) => Number(x === 0),
};

export const knownReduction: Readonly<Partial<Record<ReduceKind, Binary>>> = {
  most: Math.max,
  least: Math.min,
  intSum: (a, b) => a + b,
  intMost: Math.max,
  intLeast: Math.min,
  intProduct: (a, b) => a * b,
};

/** Numbers as their type holds them, or nothing if it can't: whole ones beyond 32 bits may be right as TensorFlow's int64. */
export function heldBy(datatype: Datatype, numbers: readonly number[]): readonly number[] | undefined {
  if (datatype === 'FP32') return numbers.map(Math.fround);
  return numbers.every((number) => number === (number | 0)) ? numbers.map((number) => number | 0) : undefined;
}
