import { kerasMajor } from '../keras/keras-version.js';
import { activate } from './activations.js';
import { type NdArray, ndArray } from './array.js';
import type { Operation } from './operations.js';
import type { OperationArguments } from './operations-arguments.js';
import { zipWith } from './operations-broadcast.js';
import { erf, scalarFunctions } from './scalar-functions.js';

type Scalar = (x: number) => number;
type Pair = (a: number, b: number) => number;

const floorMod: Pair = (a, b) => a - Math.floor(a / b) * b;
const truth = (value: boolean) => Number(value);

const unary: Readonly<Record<string, Scalar>> = {
  abs: Math.abs,
  absolute: Math.abs,
  arccos: Math.acos,
  acos: Math.acos,
  arcsin: Math.asin,
  asin: Math.asin,
  arctan: Math.atan,
  atan: Math.atan,
  arcsinh: Math.asinh,
  arccosh: Math.acosh,
  arctanh: Math.atanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  erf,
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  floor: Math.floor,
  identity: (x) => x,
  isfinite: (x) => truth(Number.isFinite(x)),
  isinf: (x) => truth(Math.abs(x) === Number.POSITIVE_INFINITY),
  isnan: (x) => truth(Number.isNaN(x)),
  is_nan: (x) => truth(Number.isNaN(x)),
  log: Math.log,
  log10: Math.log10,
  log1p: Math.log1p,
  log2: Math.log2,
  logical_not: (x) => truth(x === 0),
  neg: (x) => -x,
  negative: (x) => -x,
  positive: (x) => x,
  ones_like: () => 1,
  reciprocal: (x) => 1 / x,
  reciprocal_no_nan: (x) => (x === 0 ? 0 : 1 / x),
  rint: halfToEven,
  rsqrt: (x) => 1 / Math.sqrt(x),
  sign: Math.sign,
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  stop_gradient: (x) => x,
  tan: Math.tan,
  trunc: Math.trunc,
  zeros_like: () => 0,
};

const binary: Readonly<Record<string, Pair>> = {
  add: (a, b) => a + b,
  arctan2: Math.atan2,
  atan2: Math.atan2,
  divide: (a, b) => a / b,
  div: (a, b) => a / b,
  divide_no_nan: (a, b) => (b === 0 ? 0 : a / b),
  equal: (a, b) => truth(a === b),
  floor_div: (a, b) => Math.floor(a / b),
  floor_divide: (a, b) => Math.floor(a / b),
  floordiv: (a, b) => Math.floor(a / b),
  floormod: floorMod,
  greater: (a, b) => truth(a > b),
  greater_equal: (a, b) => truth(a >= b),
  less: (a, b) => truth(a < b),
  less_equal: (a, b) => truth(a <= b),
  logical_and: (a, b) => truth(a !== 0 && b !== 0),
  logical_or: (a, b) => truth(a !== 0 || b !== 0),
  logical_xor: (a, b) => truth((a !== 0) !== (b !== 0)),
  maximum: Math.max,
  minimum: Math.min,
  mod: floorMod,
  mul: (a, b) => a * b,
  multiply: (a, b) => a * b,
  multiply_no_nan: (a, b) => (b === 0 ? 0 : a * b),
  not_equal: (a, b) => truth(a !== b),
  pow: (a, b) => a ** b,
  power: (a, b) => a ** b,
  realdiv: (a, b) => a / b,
  squared_difference: (a, b) => (a - b) ** 2,
  sub: (a, b) => a - b,
  subtract: (a, b) => a - b,
  true_divide: (a, b) => a / b,
  truediv: (a, b) => a / b,
};

/** Activations with their settings: those that have none, and are the same function in Keras and TensorFlow. */
const activations = [...scalarFunctions.keys()].filter((name) => !['gelu', 'leaky_relu', 'elu', 'relu'].includes(name));

export const elementwiseOperations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ...Object.entries(unary).map(([name, f]) => [name, (given: OperationArguments) => map(input(given), f)] as const),
  ...Object.entries(binary).map(([name, f]) => [name, (given: OperationArguments) => pair(given, f)] as const),
  ...activations.map((name) => [name, activation(name, ['alpha', 'threshold', 'default_value', 'b'])] as const),
  ['relu', activation('relu', ['negative_slope', 'max_value', 'threshold', 'alpha'])],
  ['elu', activation('elu', ['alpha'])],
  ['leaky_relu', leakyRelu],
  ['gelu', gelu],
  ['softmax', activation('softmax', ['axis'])],
  ['log_softmax', activation('log_softmax', ['axis'])],
  ['sparsemax', activation('sparsemax', ['axis'])],
  ['glu', activation('glu', ['axis'])],
  ['round', round],
  ['cast', cast],
  ['convert_to_tensor', (given) => (given.has('dtype') ? cast(given) : input(given))],
  ['clip', clip],
  ['clip_by_value', clip],
  ['where', where],
  ['full_like', (given) => map(input(given), () => given.number(undefined, 'fill_value'))],
]);

function input(given: OperationArguments): NdArray {
  return given.array(0, 'x', 'features', 'logits', 'input', 'inputs', 'tensor', 'value', 'a');
}

function map({ shape, data }: NdArray, f: Scalar): NdArray {
  return ndArray(shape, data.map(f));
}

/** With numpy's broadcasting. */
function pair(given: OperationArguments, f: Pair): NdArray {
  const [a, b] = [given.array(0, 'x1', 'x'), given.array(1, 'x2', 'y')];
  return zipWith([a, b], given.layerName, f as (...values: number[]) => number);
}

function activation(name: string, settings: readonly string[]): Operation {
  return (given) => {
    const config = Object.fromEntries(
      settings.filter((setting) => given.has(setting)).map((setting) => [setting, given.plain(-1, setting)]),
    );
    return activate({ class_name: name, config }, input(given), given.layerName);
  };
}

/** Keras' slope is called alpha in TensorFlow. */
function leakyRelu(given: OperationArguments): NdArray {
  const config = { negative_slope: given.number(0.2, 'negative_slope', 'alpha') };
  return activate({ class_name: 'leaky_relu', config }, input(given), given.layerName);
}

/** By tanh unless told in keras.ops, exactly unless told in tf.nn. */
function gelu(given: OperationArguments): NdArray {
  const approximate = given.flag(kerasMajor(given.kerasVersion) === 3, 'approximate');
  return activate({ class_name: 'gelu', config: { approximate } }, input(given), given.layerName);
}

function halfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** To `decimals` places, halves to the even neighbour. */
function round(given: OperationArguments): NdArray {
  const factor = 10 ** given.integer(0, 'decimals');
  return map(input(given), (x) => halfToEven(x * factor) / factor);
}

/** To integers by cutting off, to bool by x ≠ 0; all floats are one here. */
function cast(given: OperationArguments): NdArray {
  const dtype = given.text(undefined, 'dtype');
  const x = input(given);
  if (/^b?float/.test(dtype)) return x;
  if (/^u?int/.test(dtype)) return map(x, Math.trunc);
  if (dtype === 'bool') return map(x, (value) => truth(value !== 0));
  throw given.wrong('dtype', 'a type of numbers', dtype);
}

function clip(given: OperationArguments): NdArray {
  const bounds = [given.array(1, 'x_min', 'clip_value_min'), given.array(2, 'x_max', 'clip_value_max')];
  const x = given.array(0, 'x', 't');
  return zipWith([x, ...bounds], given.layerName, (value, low = 0, high = 0) => Math.min(Math.max(value, low), high));
}

/** From x1 (TensorFlow: x) where the condition is true, else from x2 (y). */
function where(given: OperationArguments): NdArray {
  const arrays = [given.array(0, 'condition'), given.array(1, 'x1', 'x'), given.array(2, 'x2', 'y')];
  return zipWith(arrays, given.layerName, (condition, one = 0, other = 0) => (condition === 0 ? other : one));
}
