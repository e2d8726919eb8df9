import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { binaryKinds, unaryKinds } from '../../lib/kernels/kinds.js';
import { builds, expectNear, hardNumbers, integers, openRoom, type Room, size } from './kernel-room.js';

type Unary = (typeof unaryKinds)[number];
type Binary = (typeof binaryKinds)[number];

const [alpha, beta] = [Math.fround(0.3), Math.fround(-1.7)];
const toEven = (x: number): number => {
  const low = Math.floor(x);
  return x - low < 0.5 || (x - low === 0.5 && low % 2 === 0) ? low : low + 1;
};
const toInteger = (x: number): number =>
  Number.isNaN(x) ? 0 : Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), Math.trunc(x)));

/** The error function by its series, and beyond 4 by its limit. */
function erf(x: number): number {
  if (!(Math.abs(x) <= 4)) return Number.isNaN(x) ? x : Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** Each kind in float64, and how far float32 may be from it. */
const unary: Readonly<Record<Unary, readonly [of: (x: number) => number, relative?: number, absolute?: number]>> = {
  copy: [(x) => x],
  neg: [(x) => -x],
  abs: [Math.abs],
  square: [(x) => x * x],
  sqrt: [Math.sqrt],
  rsqrt: [(x) => 1 / Math.fround(Math.sqrt(x)), 1e-7],
  reciprocal: [(x) => 1 / x],
  exp: [Math.exp, 3e-7, 2 ** -149],
  log: [Math.log, 3e-7],
  sigmoid: [(x) => 1 / (1 + Math.exp(-x)), 4e-7, 2 ** -127],
  tanh: [Math.tanh, 0, 2e-7],
  erf: [erf, 7e-7, 2 ** -149],
  floor: [Math.floor],
  ceil: [Math.ceil],
  round: [toEven],
  sign: [Math.sign],
  softplus: [(x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), 5e-7, 2 ** -149],
  elu: [(x) => (x < 0 ? alpha * Math.expm1(x) : x), 2e-6, 2 ** -149],
  leaky: [(x) => (x < 0 ? alpha * x : x)],
  affine: [(x) => alpha * x + beta, 1e-6, 1e-6],
  toInt: [toInteger],
  toFloat: [(x) => x],
  not: [(x) => (x === 0 ? 1 : 0)],
  expm1: [Math.expm1, 2e-6, 2 ** -149],
  log1p: [Math.log1p, 4e-7],
  softsign: [(x) => x / (1 + Math.abs(x)), 2e-7],
};

/** A quotient rounded to float32 comes before the floor, as in float32 arithmetic everywhere. */
const floorOfQuotient = (a: number, b: number): number => Math.floor(Math.fround(a / b));
const floorOfWhole = (a: number, b: number): number => toInteger(Math.floor(a / b));
const power = (a: number, b: number): number => {
  if (a === 1 || (Math.abs(a) === 1 && !Number.isFinite(b) && !Number.isNaN(b))) return 1; // IEEE's, where JavaScript has NaN
  return a ** b;
};
const flag = (value: boolean): number => (value ? 1 : 0);

const binary: Readonly<Record<Binary, readonly [of: (a: number, b: number) => number, relative?: number]>> = {
  add: [(a, b) => a + b],
  sub: [(a, b) => a - b],
  mul: [(a, b) => a * b],
  div: [(a, b) => a / b],
  max: [Math.max],
  min: [Math.min],
  squaredDifference: [(a, b) => Math.fround(a - b) ** 2],
  equal: [(a, b) => flag(a === b)],
  notEqual: [(a, b) => flag(a !== b)],
  less: [(a, b) => flag(a < b)],
  lessEqual: [(a, b) => flag(a <= b)],
  greater: [(a, b) => flag(a > b)],
  greaterEqual: [(a, b) => flag(a >= b)],
  intAdd: [(a, b) => (a + b) | 0],
  intSub: [(a, b) => (a - b) | 0],
  intMul: [Math.imul],
  intEqual: [(a, b) => flag(a === b)],
  intNotEqual: [(a, b) => flag(a !== b)],
  intLess: [(a, b) => flag(a < b)],
  intLessEqual: [(a, b) => flag(a <= b)],
  intGreater: [(a, b) => flag(a > b)],
  intGreaterEqual: [(a, b) => flag(a >= b)],
  and: [(a, b) => a & b],
  or: [(a, b) => a | b],
  pow: [power, 2e-7],
  floorDiv: [floorOfQuotient],
  intMax: [Math.max],
  intMin: [Math.min],
  intFloorDiv: [floorOfWhole],
  intFloorMod: [(a, b) => (a - Math.imul(b, floorOfWhole(a, b))) | 0],
};

const takesIntegers = (kind: string): boolean => /^(int[A-Z]|toFloat|not$|and$|or$)/.test(kind);
const givesIntegers = (kind: string): boolean =>
  /^(int[A-Z]|toInt|not$|and$|or$|equal|notEqual|less|greater)/.test(kind);
const clampOf = (low: number, high: number) => (x: number) => (x < low ? low : x > high ? high : x);
const unclamped = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
const clamps = fc.constantFrom<readonly [number, number]>(unclamped, [0, Number.POSITIVE_INFINITY], [0, 6], [-1, 1]);

/** Arguments of a kind; whole numbers partly small, so that some are equal, and zero. */
const operands = (kind: string, count: number, seed: number): Float32Array | Int32Array =>
  takesIntegers(kind) ? integers(count, seed, seed % 2 === 0 ? 4 : 2 ** 31) : hardNumbers(count, seed);

describe.each(builds)('%s', (build) => {
  let room: Room;
  beforeAll(async () => {
    room = await openRoom(build);
  });
  const results = (kind: string, at: number, count: number) =>
    givesIntegers(kind) ? room.ints(at, count) : room.floats(at, count);

  test.each(unaryKinds)('%s, in place too', (kind) => {
    const [of, relative, absolute] = unary[kind];
    fc.assert(
      fc.property(size(40), size(1e6), clamps, fc.boolean(), (count, seed, [low, high], inPlace) => {
        const x = operands(kind, count, seed);
        const at = room.put(x);
        const out = inPlace ? at : room.take(count);
        room.kernels.unary(unaryKinds.indexOf(kind), at, out, count, alpha, beta, low, high);
        const clamp = givesIntegers(kind) ? (y: number) => y : clampOf(low, high);
        const expected = Float64Array.from(x, (value) => clamp(of(value)));
        expectNear([...results(kind, out, count)], expected, { relative, absolute, of: (index) => x[index] });
        room.clear();
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  test.each(['exp', 'log', 'sigmoid', 'tanh', 'erf', 'softplus', 'elu', 'expm1', 'log1p'] as const)(
    '%s near and far',
    (kind) => {
      const [of, relative, absolute] = unary[kind];
      const x = Float32Array.from({ length: 40_000 }, (_, index) => (index / 20_000 - 1) ** 3 * 110);
      const out = room.take(x.length);
      room.kernels.unary(unaryKinds.indexOf(kind), room.put(x), out, x.length, alpha, beta, ...unclamped);
      expectNear(room.floats(out, x.length), Float64Array.from(x, of), { relative, absolute, of: (index) => x[index] });
      room.clear();
    },
  );

  test.each(binaryKinds)('%s with broadcasting', (kind) => {
    const [of, relative = 0] = binary[kind];
    const axes = fc.array(fc.record({ length: size(5), a: fc.boolean(), b: fc.boolean() }), {
      minLength: 5,
      maxLength: 5,
    });
    fc.assert(
      fc.property(axes, size(20), size(1e6), clamps, (some, last, seed, [low, high]) => {
        const shape = some.map(({ length }, axis) => (axis === 4 ? last : length));
        const [a, b] = (['a', 'b'] as const).map((side) => {
          const sizes = shape.map((length, axis) => (some[axis]?.[side] ? length : 1));
          let step = 1;
          const strides = sizes.map(() => 0);
          for (let axis = 4; axis >= 0; axis--) {
            strides[axis] = sizes[axis] === 1 ? 0 : step;
            step *= sizes[axis] as number;
          }
          return { strides, values: operands(kind, step, side === 'a' ? seed : seed + 2) };
        }) as [{ strides: number[]; values: Float32Array }, { strides: number[]; values: Float32Array }];
        const count = shape.reduce((product, length) => product * length, 1);
        const pairs = Array.from({ length: count }, (_, index) => {
          let [rest, fromA, fromB] = [index, 0, 0];
          for (let axis = 4; axis >= 0; axis--) {
            const position = rest % (shape[axis] as number);
            rest = Math.floor(rest / (shape[axis] as number));
            fromA += position * (a.strides[axis] as number);
            fromB += position * (b.strides[axis] as number);
          }
          return [a.values[fromA] as number, b.values[fromB] as number] as const;
        });
        const out = room.take(count);
        room.kernels.binary(
          ...[binaryKinds.indexOf(kind), room.put(a.values), room.put(b.values), out],
          ...[shape, a.strides, b.strides].map((list) => room.put(Int32Array.from(list))),
          ...[low, high],
        );
        const clamp = givesIntegers(kind) ? (y: number) => y : clampOf(low, high);
        const expected = pairs.map(([x, y]) => clamp(of(x, y)));
        expectNear([...results(kind, out, count)], expected, { relative, of: (index) => pairs[index] });
        room.clear();
      }),
      { numRuns: 30, seed: 4 },
    );
  });

  test('binary in place of either operand', () => {
    fc.assert(
      fc.property(size(40), size(1e6), fc.boolean(), (count, seed, first) => {
        const [a, b] = [hardNumbers(count, seed), hardNumbers(count, seed + 2)];
        const [left, right] = [room.put(a), room.put(b)];
        const [sizes, strides] = [room.put(Int32Array.of(1, 1, 1, 1, count)), room.put(Int32Array.of(0, 0, 0, 0, 1))];
        const out = first ? left : right;
        room.kernels.binary(binaryKinds.indexOf('sub'), left, right, out, sizes, strides, strides, ...unclamped);
        expectNear(
          room.floats(out, count),
          a.map((x, index) => x - (b[index] as number)),
        );
        room.clear();
      }),
      { numRuns: 50, seed: 5 },
    );
  });

  test('choose', () => {
    fc.assert(
      fc.property(size(40), size(1e6), (count, seed) => {
        const condition = integers(count, seed, 2).map((value) => value & 1);
        const [a, b] = [hardNumbers(count, seed), hardNumbers(count, seed + 2)];
        const out = room.take(count);
        room.kernels.choose(room.put(condition), room.put(a), room.put(b), out, count);
        const expected = a.map((x, index) => (condition[index] === 1 ? x : (b[index] as number)));
        expect([...room.floats(out, count)]).toEqual([...expected]);
        room.clear();
      }),
      { numRuns: 50, seed: 6 },
    );
  });
});
