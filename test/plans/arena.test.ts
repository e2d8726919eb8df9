import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { layOut, roomOf } from '../../lib/plans/arena.js';
import type { Area } from '../../lib/plans/value.js';

const anyArea = fc
  .record({ bytes: fc.integer({ min: 4, max: 5000 }), first: fc.integer({ min: -1, max: 30 }), calls: fc.nat(12) })
  .map(({ bytes, first, calls }): Area => ({ kind: 'arena', bytes, start: 0, first, last: first + calls }));

const pairs = (areas: readonly Area[]): [Area, Area][] =>
  areas.flatMap((a, index) => areas.slice(index + 1).map((b): [Area, Area] => [a, b]));

test('areas that live at the same time lie apart', () => {
  fc.assert(
    fc.property(fc.array(anyArea, { maxLength: 40 }), (areas) => {
      const end = layOut(areas);
      for (const { start, bytes } of areas) {
        expect(start % 64).toBe(0);
        expect(start + roomOf(bytes)).toBeLessThanOrEqual(end);
      }
      for (const [a, b] of pairs(areas)) {
        const together = a.first <= b.last && b.first <= a.last;
        const apart = a.start + roomOf(a.bytes) <= b.start || b.start + roomOf(b.bytes) <= a.start;
        expect(apart || !together).toBe(true);
      }
    }),
  );
});

test('one after the other, areas share one place', () => {
  const areas = [40, 4000, 400].map((bytes, at): Area => ({ kind: 'arena', bytes, start: 9, first: at, last: at }));
  expect(layOut(areas)).toBe(roomOf(4000));
  expect(areas.map(({ start }) => start)).toEqual([0, 0, 0]);
});
