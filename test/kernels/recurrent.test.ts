import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cellActivations, cellKinds } from '../../lib/kernels/kinds.js';
import { builds, error, numbers, openRoom, type Room, size } from './kernel-room.js';

type Cell = (typeof cellKinds)[number];
type Activation = (typeof cellActivations)[number];

const clip = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
const functions: Readonly<Record<Activation, (x: number) => number>> = {
  linear: (x) => x,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => Math.max(0, x),
  hard_sigmoid_02: (x) => clip(x / 5 + 0.5, 0, 1),
  hard_sigmoid: (x) => clip(x + 3, 0, 6) / 6,
  softsign: (x) => x / (1 + Math.abs(x)),
};

const gatesOf: Readonly<Record<Cell, number>> = { lstm: 4, gru: 3, gruResetBefore: 3, simpleRnn: 1 };

interface Layer {
  readonly cell: Cell;
  readonly units: number;
  readonly activation: Activation;
  readonly gate: Activation;
  /** [units, gates · units] */
  readonly recurrent: Float32Array;
  /** [gates · units], of the state's product. */
  readonly bias: Float32Array;
}

/** One step of Keras' cells for one row. `x` is the input's product with its bias, [gates · units]. */
function step(
  { cell, units, activation, gate, recurrent, bias }: Layer,
  x: ArrayLike<number>,
  h: number[],
  c: number[],
) {
  const [act, rec] = [functions[activation], functions[gate]];
  const columns = gatesOf[cell] * units;
  const times = (state: readonly number[], column: number): number =>
    state.reduce(
      (sum, value, row) => sum + value * (recurrent[row * columns + column] as number),
      bias[column] as number,
    );
  const input = (g: number, u: number): number => x[g * units + u] as number;
  const each = (of: (u: number) => number): number[] => Array.from({ length: units }, (_, u) => of(u));
  const gateOf = (g: number): number[] => each((u) => rec(input(g, u) + times(h, g * units + u)));
  if (cell === 'simpleRnn') return { h: each((u) => act(input(0, u) + times(h, u))), c };
  if (cell === 'lstm') {
    const [i, f, o] = [gateOf(0), gateOf(1), gateOf(3)] as [number[], number[], number[]];
    const next = each((u) => {
      const candidate = act(input(2, u) + times(h, 2 * units + u));
      return (f[u] as number) * (c[u] as number) + (i[u] as number) * candidate;
    });
    return { h: each((u) => (o[u] as number) * act(next[u] as number)), c: next };
  }
  const [z, r] = [gateOf(0), gateOf(1)] as [number[], number[]];
  const reset = h.map((value, u) => value * (r[u] as number));
  const candidate = each((u) => {
    const column = 2 * units + u;
    const state = cell === 'gru' ? (r[u] as number) * times(h, column) : times(reset, column);
    return act(input(2, u) + state);
  });
  return { h: each((u) => (z[u] as number) * (h[u] as number) + (1 - (z[u] as number)) * (candidate[u] as number)), c };
}

const cases = fc.record({
  cell: fc.constantFrom(...cellKinds),
  units: fc.constantFrom(1, 3, 4, 5, 7, 8, 9, 12),
  activation: fc.constantFrom<Activation>('tanh', 'tanh', ...cellActivations),
  // No gate that is linear: its products grow from step to step, and with them the rounding.
  gate: fc.constantFrom<Activation>('sigmoid', 'sigmoid', 'hard_sigmoid_02', 'hard_sigmoid', 'softsign'),
  batch: size(9),
  time: size(6),
  masked: fc.boolean(),
  zeroMasked: fc.boolean(),
  backwards: fc.boolean(),
  sequence: fc.boolean(),
  seed: size(1e6),
});

describe.each(builds)('%s', (build) => {
  let room: Room;
  beforeAll(async () => {
    room = await openRoom(build);
  });

  test('recurrent: every cell, activation, mask and direction, with padded units', () => {
    fc.assert(
      fc.property(
        cases,
        ({ cell, units, activation, gate, batch, time, masked, zeroMasked, backwards, sequence, seed }) => {
          const gates = gatesOf[cell];
          const width = Math.ceil(units / 4) * 4;
          const [row, columns] = [gates * width, gates * units];
          const recurrent = numbers(units * columns, seed).map((value) => 0.5 * value);
          const bias = numbers(columns, seed + 1);
          const layer: Layer = { cell, units, activation, gate, recurrent, bias };
          // Unit u of gate g stands at g · width + u; what is in between is noise in the input, and 0 in the weights.
          const spread = (from: (column: number) => number, padding: (at: number) => number): Float32Array =>
            Float32Array.from({ length: row }, (_, at) =>
              at % width < units ? from(Math.floor(at / width) * units + (at % width)) : padding(at),
            );
          const x = numbers(time * batch * row, seed + 2).map((value) => 2 * value);
          const mask = Int32Array.from(numbers(time * batch, seed + 3), (value) => (value > 0 ? 1 : 0));
          const [h0, c0] = [numbers(batch * units, seed + 4), numbers(batch * units, seed + 5)];
          const padded = (states: Float32Array): Float32Array =>
            Float32Array.from({ length: batch * width }, (_, at) =>
              at % width < units ? (states[Math.floor(at / width) * units + (at % width)] as number) : 0,
            );

          const outputs = new Float64Array(time * batch * units);
          const last = { h: new Float64Array(batch * units), c: new Float64Array(batch * units) };
          for (let b = 0; b < batch; b++) {
            let state = { h: [...h0.slice(b * units, (b + 1) * units)], c: [...c0.slice(b * units, (b + 1) * units)] };
            let output = new Array<number>(units).fill(0);
            for (let t = 0; t < time; t++) {
              const at = (backwards ? time - 1 - t : t) * batch + b;
              const counts = !masked || mask[at] === 1;
              const input = Array.from({ length: columns }, (_, column) => {
                return x[at * row + Math.floor(column / units) * width + (column % units)] as number;
              });
              if (counts) state = step(layer, input, state.h, state.c);
              if (counts) output = state.h;
              outputs.set(!counts && zeroMasked ? output.map(() => 0) : output, (t * batch + b) * units);
            }
            last.h.set(state.h, b * units);
            last.c.set(state.c, b * units);
          }

          const matrix = (from: number, to: number): number => {
            const part = Float32Array.from({ length: width }).map(() => 0);
            const rows = Array.from(part, (_, u) =>
              spread(
                (column) => (u < units ? (recurrent[u * columns + column] as number) : 0),
                () => 0,
              ).slice(from, to),
            );
            const packed = room.take(Math.ceil((to - from) / 8) * 8 * (width + 1));
            const added = spread(
              (column) => bias[column] as number,
              () => 0,
            ).slice(from, to);
            const source = room.put(Float32Array.from(rows.flatMap((values) => [...values])));
            room.kernels.pack(source, room.put(added), packed, width, to - from);
            return packed;
          };
          const split = cell === 'gruResetBefore';
          const weights = matrix(0, split ? 2 * width : row);
          const candidate = split ? matrix(2 * width, row) : 0;
          const [h, c] = [room.put(padded(h0)), room.put(padded(c0))];
          const scratch = room.take(batch * (gates + 1) * width);
          const out = sequence ? room.take(time * batch * width) : 0;
          room.kernels.recurrent(
            ...[
              cellKinds.indexOf(cell),
              room.put(x),
              weights,
              candidate,
              h,
              c,
              scratch,
              masked ? room.put(mask) : 0,
              out,
            ],
            ...[time, batch, width, cellActivations.indexOf(activation), cellActivations.indexOf(gate)],
            ...[Number(zeroMasked), Number(backwards)],
          );
          const counting = (at: number, rows: number) =>
            room.floats(at, rows * width).filter((_, index) => index % width < units);
          const worst = [
            error(counting(h, batch), last.h),
            ...(cell === 'lstm' ? [error(counting(c, batch), last.c)] : []),
            ...(sequence ? [error(counting(out, time * batch), outputs)] : []),
          ];
          room.clear();
          expect(Math.max(...worst)).toBeLessThan(5e-6);
        },
      ),
      { numRuns: 200, seed: 41 },
    );
  });
});
