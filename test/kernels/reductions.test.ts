import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reduceKinds } from '../../lib/kernels/kinds.js';
import { builds, expectNear, hardNumbers, integers, numbers, openRoom, type Room, size } from './kernel-room.js';

/** Each kind over some numbers, exactly. */
const reductions: Readonly<Record<(typeof reduceKinds)[number], (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((a, b) => a + b),
  mean: (values) => values.reduce((a, b) => a + b) / values.length,
  most: (values) => values.reduce((a, b) => Math.max(a, b)),
  least: (values) => values.reduce((a, b) => Math.min(a, b)),
  product: (values) => values.reduce((a, b) => a * b),
  intSum: (values) => values.reduce((a, b) => (a + b) | 0),
  intMost: (values) => values.reduce((a, b) => Math.max(a, b)),
  intLeast: (values) => values.reduce((a, b) => Math.min(a, b)),
  intProduct: (values) => values.reduce((a, b) => Math.imul(a, b)),
};

const shapes = fc.record({
  outer: size(5),
  n: size(21),
  inner: fc.constantFrom(1, 1, 2, 3, 4, 5, 7, 8, 9),
  seed: size(1e6),
});

/** The numbers along n, for each place of [outer, inner]. */
function* lines(x: ArrayLike<number>, { outer, n, inner }: { outer: number; n: number; inner: number }) {
  for (let o = 0; o < outer; o++)
    for (let c = 0; c < inner; c++) yield Array.from({ length: n }, (_, i) => x[(o * n + i) * inner + c] as number);
}

/** Hard numbers, but none whose sums or products depend on the order: 0, or of middling size, or not finite. */
const mild = (count: number, seed: number): Float32Array =>
  hardNumbers(count, seed).map((value) => {
    const size = Math.abs(value);
    return Number.isFinite(value) && size > 0 && (size > 8 || size < 1e-2) ? 1.5 : value;
  });

describe.each(builds)('%s', (build) => {
  let room: Room;
  beforeAll(async () => {
    room = await openRoom(build);
  });

  test.each(reduceKinds)('%s', (kind) => {
    fc.assert(
      fc.property(shapes, ({ seed, ...shape }) => {
        const count = shape.outer * shape.n * shape.inner;
        const whole = kind.startsWith('int');
        const x = whole
          ? integers(count, seed)
          : kind === 'most' || kind === 'least'
            ? hardNumbers(count, seed)
            : mild(count, seed);
        const expected = [...lines(x, shape)].map(reductions[kind]);
        const out = room.take(expected.length);
        room.kernels.reduce(reduceKinds.indexOf(kind), room.put(x), out, shape.outer, shape.n, shape.inner);
        const actual = whole ? room.ints(out, expected.length) : room.floats(out, expected.length);
        expectNear(actual, expected, whole ? {} : { relative: 3e-6, absolute: 3e-6 });
        room.clear();
      }),
      { numRuns: 60, seed: 21 },
    );
  });

  test.each([0, 1])('arg_most, the first of equal ones (least: %i)', (least) => {
    fc.assert(
      fc.property(shapes, ({ seed, ...shape }) => {
        const x = numbers(shape.outer * shape.n * shape.inner, seed).map((value) => Math.round(3 * value));
        const expected = [...lines(x, shape)].map((line) =>
          line.indexOf(reductions[least === 1 ? 'least' : 'most'](line)),
        );
        const out = room.take(expected.length);
        room.kernels.arg_most(room.put(x), out, shape.outer, shape.n, shape.inner, least);
        expect([...room.ints(out, expected.length)]).toEqual(expected);
        room.clear();
      }),
      { numRuns: 60, seed: 23 },
    );
  });

  test('cumulate, in place too', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        ({ seed, ...shape }, exclusive, backwards, inPlace) => {
          const { outer, n, inner } = shape;
          const x = mild(outer * n * inner, seed);
          const expected = new Float64Array(x.length);
          for (const [index, line] of [...lines(x, shape)].entries()) {
            for (let i = 0; i < n; i++) {
              const part = backwards ? line.slice(exclusive ? i + 1 : i) : line.slice(0, exclusive ? i : i + 1);
              expected[(Math.floor(index / inner) * n + i) * inner + (index % inner)] = part.reduce((a, b) => a + b, 0);
            }
          }
          const at = room.put(x);
          const out = inPlace ? at : room.take(x.length);
          room.kernels.cumulate(at, out, outer, n, inner, exclusive ? 1 : 0, backwards ? 1 : 0);
          expectNear(room.floats(out, x.length), expected, { relative: 3e-6, absolute: 3e-6 });
          room.clear();
        },
      ),
      { numRuns: 60, seed: 24 },
    );
  });

  test('softmax, in place too; NaN and Infinity make their row NaN', () => {
    fc.assert(
      fc.property(size(5), size(30), size(1e6), fc.boolean(), fc.boolean(), (rows, n, seed, hard, inPlace) => {
        const x = hard ? hardNumbers(rows * n, seed) : numbers(rows * n, seed).map((value) => 20 * value);
        const expected = [...lines(x, { outer: rows, n, inner: 1 })].flatMap((row) => {
          const most = Math.max(...row);
          const powers = row.map((value) => Math.exp(Math.fround(value - most)));
          const sum = powers.reduce((a, b) => a + b);
          return powers.map((power) => power / sum);
        });
        const at = room.put(x);
        const out = inPlace ? at : room.take(x.length);
        room.kernels.softmax(at, out, rows, n);
        expectNear(room.floats(out, x.length), expected, { relative: 1e-6, absolute: 2 ** -148 });
        room.clear();
      }),
      { numRuns: 100, seed: 25 },
    );
  });
});
