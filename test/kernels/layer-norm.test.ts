import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { builds, expectNear, numbers, openRoom, type Room, size } from './kernel-room.js';

/** As its definition says, in float64. */
function normalised(row: readonly number[], { epsilon, centred }: { epsilon: number; centred: boolean }): number[] {
  const mean = centred ? row.reduce((sum, x) => sum + x, 0) / row.length : 0;
  const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
  return row.map((x) => (x - mean) / Math.sqrt(variance + epsilon));
}

describe.each(builds)('%s', (build) => {
  let room: Room;
  beforeAll(async () => {
    room = await openRoom(build);
  });

  test('layer_norm, with and without gamma, beta and a mean, in place too', () => {
    const flags = fc.record({ gamma: fc.boolean(), beta: fc.boolean(), centred: fc.boolean(), inPlace: fc.boolean() });
    fc.assert(
      fc.property(size(5), size(40), size(1e6), flags, (rows, n, seed, { gamma, beta, centred, inPlace }) => {
        const epsilon = seed % 2 === 0 ? 1e-3 : 1e-5;
        const x = numbers(rows * n, seed).map((value) => 3 + value);
        const [factors, shifts] = [numbers(n, seed + 1), numbers(n, seed + 2)];
        const expected = Array.from({ length: rows }, (_, row) =>
          normalised([...x.subarray(row * n, (row + 1) * n)], { epsilon: Math.fround(epsilon), centred }).map(
            (value, at) => value * (gamma ? (factors[at] as number) : 1) + (beta ? (shifts[at] as number) : 0),
          ),
        ).flat();
        const input = room.put(x);
        const output = inPlace ? input : room.take(rows * n);
        room.kernels.layer_norm(
          ...[input, gamma ? room.put(factors) : 0, beta ? room.put(shifts) : 0, output],
          ...[rows, n, epsilon, Number(centred)],
        );
        // A row of one number, or of near ones, has next to no variance: the mean's rounding comes over √epsilon then.
        expectNear(room.floats(output, rows * n), expected, { relative: 1e-5, absolute: 1e-4 });
        room.clear();
      }),
      { numRuns: 150, seed: 22 },
    );
  });

  test('layer_norm: what is not a number stays in its row', () => {
    const x = Float32Array.of(1, Number.NaN, 3, 1, 2, 3, 1, Number.POSITIVE_INFINITY, 3);
    const output = room.take(9);
    room.kernels.layer_norm(room.put(x), 0, 0, output, 3, 3, 1e-3, 1);
    const found = [...room.floats(output, 9)];
    expect(found.map(Number.isNaN)).toEqual([true, true, true, false, false, false, true, true, true]);
    room.clear();
  });
});
