import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { builds, expectNear, hardNumbers, integers, numbers, openRoom, type Room, size } from './kernel-room.js';

/** All positions of a box, the last axis fastest. */
const positions = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (all, length) => all.flatMap((start) => Array.from({ length }, (_, index) => [...start, index])),
    [[]],
  );
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, axis) => sum + value * (b[axis] as number), 0);
/** Elements from one index to the next of a contiguous tensor. */
const stridesOf = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
const count = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

describe.each(builds)('%s', (build) => {
  let room: Room;
  beforeAll(async () => {
    room = await openRoom(build);
  });

  test('copy: transposed, cut out, reversed, repeated', () => {
    const axis = fc.record({ length: size(4), stride: fc.constantFrom('along', 'along', 'back', 'same') });
    fc.assert(
      fc.property(
        fc.array(axis, { minLength: 5, maxLength: 5 }),
        fc.record({ length: size(19), stride: fc.constantFrom('along', 'along', 'back', 'same') }),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
        size(1e6),
        (outer, last, order, seed) => {
          const box = [...outer, last];
          const shape = box.map(({ length }) => length);
          const source = hardNumbers(count(shape), seed);
          const along = stridesOf(shape);
          const inStrides = box.map(
            ({ stride }, at) => (along[at] as number) * { along: 1, back: -1, same: 0 }[stride],
          );
          const start = dot(
            along,
            box.map(({ length, stride }) => (stride === 'back' ? length - 1 : 0)),
          );
          // The output's axes lie in another order, with a gap at the end of each.
          const wide = order.map((at) => (shape[at] as number) + 1);
          const outStrides = shape.map((_, at) => stridesOf(wide)[order.indexOf(at)] as number);
          const out = room.take(count(wide));
          room.kernels.copy(
            room.put(source) + 4 * start,
            out,
            ...[shape, inStrides, outStrides].map((list) => room.put(Int32Array.from(list))),
          );
          const expected = new Float32Array(count(wide)).fill(Number.NaN);
          for (const at of positions(shape))
            expected[dot(at, outStrides)] = source[start + dot(at, inStrides)] as number;
          expect([...room.floats(out, expected.length)]).toEqual([...expected]);
          room.clear();
        },
      ),
      { numRuns: 60, seed: 11 },
    );
  });

  test('fill', () => {
    fc.assert(
      fc.property(size(40), fc.constantFrom(0, -0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY), (length, value) => {
        const out = room.take(length);
        room.kernels.fill(out, length, value);
        expect([...room.floats(out, length)]).toEqual(new Array(length).fill(value));
        room.clear();
      }),
      { numRuns: 60, seed: 12 },
    );
  });

  test('border leaves the inside alone', () => {
    const edge = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(fc.tuple(size(3), size(5), size(5), size(9)), fc.tuple(edge, edge, edge, edge), (inside, edges) => {
        const [images, h, w, channels] = inside;
        const [top, left, bottom, right] = edges;
        const shape = [images, top + h + bottom, left + w + right, channels];
        const before = numbers(count(shape), 5);
        const at = room.put(before);
        room.kernels.border(at, images, h, w, channels, top, left, bottom, right, Number.NEGATIVE_INFINITY);
        const expected = positions(shape).map(([, y = 0, x = 0], index) =>
          y >= top && y < top + h && x >= left && x < left + w ? before[index] : Number.NEGATIVE_INFINITY,
        );
        expect([...room.floats(at, expected.length)]).toEqual(expected);
        room.clear();
      }),
      { numRuns: 150, seed: 13 },
    );
  });

  test('gather, and what an index outside gives', () => {
    fc.assert(
      fc.property(size(9), size(20), size(12), size(1e6), fc.boolean(), (height, width, rows, seed, outside) => {
        const table = hardNumbers(height * width, seed);
        const index = integers(rows, seed, 2 ** 20).map((value) => Math.abs(value) % height);
        if (outside) index[rows - 1] = seed % 2 === 0 ? height : -1;
        const out = room.take(rows * width);
        const failed = room.kernels.gather(room.put(table), room.put(index), out, height, width, rows);
        expect(failed).toBe(outside ? 1 : 0);
        const expected = [...index].flatMap((row) => [...table.subarray(row * width, (row + 1) * width)]);
        if (!outside) expect([...room.floats(out, rows * width)]).toEqual(expected);
        room.clear();
      }),
      { numRuns: 80, seed: 14 },
    );
  });

  const images = fc.record({
    images: size(2),
    from: fc.tuple(size(6), size(6)),
    to: fc.tuple(size(7), size(7)),
    channels: size(9),
    seed: size(1e6),
  });

  test('resize between neighbours', () => {
    fc.assert(
      fc.property(images, ({ images, from: [h, w], to: [outH, outW], channels, seed }) => {
        const x = numbers(images * h * w * channels, seed);
        const neighbours = (length: number, outputs: number) =>
          Array.from({ length: outputs }, (_, at) => {
            const position = (at * (length - 1)) / Math.max(1, outputs - 1);
            const first = Math.min(length - 1, Math.floor(position));
            return { first, second: Math.min(length - 1, first + 1), share: Math.fround(position - first) };
          });
        const [rows, columns] = [neighbours(h, outH), neighbours(w, outW)];
        const offsets = (of: typeof rows, step: number) =>
          room.put(Int32Array.from(of.flatMap(({ first, second }) => [first * step, second * step])));
        const shares = (of: typeof rows) => room.put(Float32Array.from(of, ({ share }) => share));
        const expected = positions([images, outH, outW, channels]).map(([n = 0, y = 0, q = 0, c = 0]) => {
          const [row, column] = [rows[y] as (typeof rows)[0], columns[q] as (typeof rows)[0]];
          const value = (i: number, j: number) => x[((n * h + i) * w + j) * channels + c] as number;
          const along = (i: number) =>
            value(i, column.first) * (1 - column.share) + value(i, column.second) * column.share;
          return along(row.first) * (1 - row.share) + along(row.second) * row.share;
        });
        const out = room.take(expected.length);
        room.kernels.resize(
          ...[room.put(x), out, images, h * w * channels, outH, outW, channels],
          ...[offsets(rows, w * channels), shares(rows), offsets(columns, channels), shares(columns)],
        );
        expectNear(room.floats(out, expected.length), expected, { absolute: 5e-7 });
        room.clear();
      }),
      { numRuns: 60, seed: 15 },
    );
  });

  test('resize to the nearest', () => {
    fc.assert(
      fc.property(images, ({ images, from: [h, w], to: [outH, outW], channels, seed }) => {
        const x = hardNumbers(images * h * w * channels, seed);
        const nearest = (length: number, outputs: number) =>
          Array.from({ length: outputs }, (_, at) => Math.floor((at * length) / outputs));
        const [rows, columns] = [nearest(h, outH), nearest(w, outW)];
        const expected = positions([images, outH, outW, channels]).map(
          ([n = 0, y = 0, q = 0, c = 0]) =>
            x[((n * h + (rows[y] as number)) * w + (columns[q] as number)) * channels + c] as number,
        );
        const out = room.take(expected.length);
        const offsets = (of: readonly number[], step: number) => room.put(Int32Array.from(of, (value) => value * step));
        room.kernels.resize_nearest(
          ...[room.put(x), out, images, h * w * channels, outH, outW, channels],
          ...[offsets(rows, w * channels), offsets(columns, channels)],
        );
        expect([...room.floats(out, expected.length)]).toEqual(expected);
        room.clear();
      }),
      { numRuns: 60, seed: 16 },
    );
  });
});
