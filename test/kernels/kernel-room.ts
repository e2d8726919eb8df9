import { expect } from '@jest/globals';
import fc from 'fast-check';
import { type Build, bestBuild, createKernels, type Kernels } from '../../lib/kernels/kernels.js';

/** The builds that this Node.js runs. */
export const builds: readonly Build[] = (['fma-v8-13', 'simd-v8-13', 'fma-v8-11', 'simd-v8-11'] as const).filter(
  (build) => build.startsWith('simd') || bestBuild().startsWith('fma'),
);

/** A kernel's memory to put arguments into; what stands behind each area is watched. */
export interface Room {
  readonly kernels: Kernels;
  put(values: Float32Array | Int32Array): number;
  /** A place for floats, filled with NaN. */
  take(floats: number): number;
  floats(at: number, count: number): Float32Array;
  ints(at: number, count: number): Int32Array;
  /** Forgets all; fails when something was written outside of an area. */
  clear(): void;
}

const guard = 16;
const mark = 1234.5;

export async function openRoom(build: Build): Promise<Room> {
  const kernels = await createKernels(build);
  let top = Math.ceil(kernels.heapBase / 64) * 64;
  const start = top;
  const guards: number[] = [];
  const area = (floats: number): number => {
    const at = top;
    const end = at + 4 * floats;
    top = Math.ceil((end + 4 * guard) / 64) * 64;
    const missing = top - kernels.memory.buffer.byteLength;
    if (missing > 0) kernels.memory.grow(Math.ceil(missing / 65_536));
    new Float32Array(kernels.memory.buffer, end, guard).fill(mark);
    guards.push(end);
    return at;
  };
  return {
    kernels,
    put: (values) => {
      const at = area(values.length);
      new (values.constructor as Float32ArrayConstructor)(kernels.memory.buffer, at, values.length).set(values);
      return at;
    },
    take: (floats) => {
      const at = area(floats);
      new Float32Array(kernels.memory.buffer, at, floats).fill(Number.NaN);
      return at;
    },
    floats: (at, count) => new Float32Array(kernels.memory.buffer, at, count),
    ints: (at, count) => new Int32Array(kernels.memory.buffer, at, count),
    clear: () => {
      for (const end of guards.splice(0)) {
        expect([...new Float32Array(kernels.memory.buffer, end, guard)]).toEqual(new Array(guard).fill(mark));
      }
      top = start;
    },
  };
}

/** Numbers between −1 and 1. */
export const numbers = (count: number, seed: number): Float32Array => {
  let state = seed >>> 0 || 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
};

const special = [
  ...[0, -0, 1, -1, 0.5, -0.5, 2.5, -2.5, 3, -3, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...[2 ** -149, -(2 ** -149), 2 ** -126, 2 ** -127, -1e-40, 3.4028234663852886e38, -3.4028234663852886e38],
  ...[1e-8, -1e-8, 88.5, -87.5, -103.5, 16_777_217, 2 ** 31, -(2 ** 31), 1e30],
];

/** Numbers of every size, a third of them those where arithmetic has its edges: NaN, infinities, denormals, zeros of both signs. */
export const hardNumbers = (count: number, seed: number): Float32Array => {
  const [choices, sizes] = [numbers(count, seed), numbers(count, seed + 1)];
  return Float32Array.from(choices, (choice, index) => {
    const at = Math.floor((choice + 1) * 1.5 * special.length);
    return special[at] ?? 10 ** (3 * (sizes[index] as number)) * Math.sign(choice) * (1 + Math.abs(choice));
  });
};

export const integers = (count: number, seed: number, most = 2 ** 31): Int32Array =>
  Int32Array.from(numbers(count, seed), (value) => Math.floor(value * most));

export const size = (most: number) => fc.integer({ min: 1, max: most });

/** The largest difference, relative to the largest expected magnitude or 1. */
export function error(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [worst, scale] = [0, 1];
  for (let index = 0; index < expected.length; index++) {
    const [a, e] = [actual[index] as number, expected[index] as number];
    if (Object.is(a, e) || (Number.isNaN(a) && Number.isNaN(e))) continue;
    if (Number.isNaN(a) !== Number.isNaN(e) || !Number.isFinite(e)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, Math.abs(a - e));
    scale = Math.max(scale, Math.abs(e));
  }
  return worst / scale;
}

/** As IEEE's: the same, or NaN both, or as near as `relative` and `absolute` say; what float32 can't hold is Infinity. */
const isNear = (actual: number, expected: number, relative: number, absolute: number): boolean => {
  if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return true;
  const nearest = Math.fround(expected);
  if (actual === nearest) return true;
  // Next to the largest number, rounding decides.
  if (Number.isFinite(actual) !== Number.isFinite(nearest))
    return Math.abs(expected) / 2 ** 128 > 1 - 1e-5 && actual * expected > 0;
  return Math.abs(actual - expected) <= absolute + relative * Math.abs(expected);
};

/** Fails with the first number that is not near; `of` says what it is made of. */
export function expectNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 0, absolute = 0, of = (index: number): unknown => index } = {},
): void {
  expect(actual.length).toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    const [a, e] = [actual[index] as number, expected[index] as number];
    if (!isNear(a, e, relative, absolute)) throw new Error(`${a} instead of ${e}, of ${JSON.stringify(of(index))}`);
  }
}
