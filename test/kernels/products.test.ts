import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { builds, error, expectNear, numbers, openRoom, type Room, size } from './kernel-room.js';

interface Shape {
  readonly images: number;
  readonly h: number;
  readonly w: number;
  readonly channels: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly stride: readonly [number, number];
  readonly columns: number;
}

/** Direct convolution without padding, in float64. */
function convolved(x: Float32Array, k: Float32Array, bias: Float32Array, shape: Shape, low: number, high: number) {
  const { images, h, w, channels, kernelH, kernelW, stride, columns } = shape;
  const [outH, outW] = [Math.floor((h - kernelH) / stride[0]) + 1, Math.floor((w - kernelW) / stride[1]) + 1];
  const out = new Float64Array(images * outH * outW * columns);
  let at = 0;
  for (let n = 0; n < images; n++)
    for (let y = 0; y < outH; y++)
      for (let q = 0; q < outW; q++)
        for (let m = 0; m < columns; m++) {
          let sum = bias[m] as number;
          for (let i = 0; i < kernelH; i++)
            for (let j = 0; j < kernelW; j++)
              for (let c = 0; c < channels; c++) {
                const from = ((n * h + y * stride[0] + i) * w + q * stride[1] + j) * channels + c;
                sum += (x[from] as number) * (k[((i * kernelW + j) * channels + c) * columns + m] as number);
              }
          out[at++] = Math.min(high, Math.max(low, sum));
        }
  return { out, outH, outW };
}

const shapes = fc
  .record({
    images: size(3),
    h: size(12),
    w: size(12),
    channels: size(20),
    kernelH: size(4),
    kernelW: size(4),
    stride: fc.tuple(size(3), size(3)),
    columns: size(40),
    seed: size(1e6),
    residual: fc.boolean(),
    relu: fc.boolean(),
  })
  .filter(({ h, w, kernelH, kernelW }) => kernelH <= h && kernelW <= w);

describe.each(builds)('%s', (build) => {
  let room: Room;
  beforeAll(async () => {
    room = await openRoom(build);
  });

  test('conv2d, whatever the sizes', () => {
    fc.assert(
      fc.property(shapes, ({ seed, residual, relu, ...shape }) => {
        const { images, h, w, channels, kernelH, kernelW, stride, columns } = shape;
        const x = numbers(images * h * w * channels, seed);
        const k = numbers(kernelH * kernelW * channels * columns, seed + 1);
        const bias = numbers(columns, seed + 2);
        const [low, high] = relu ? [0, 6] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
        const { out, outH, outW } = convolved(x, k, bias, shape, -Infinity, Infinity);
        const added = numbers(out.length, seed + 3);
        const expected = out.map((value, index) =>
          Math.min(high, Math.max(low, value + (residual ? (added[index] as number) : 0))),
        );
        const depth = kernelH * kernelW * channels;
        const weights = room.take(Math.ceil(columns / 8) * 8 * (depth + 1));
        room.kernels.pack(room.put(k), room.put(bias), weights, depth, columns);
        const [input, output, extra] = [room.put(x), room.take(out.length), residual ? room.put(added) : 0];
        room.kernels.conv2d(
          ...[input, weights, output, extra, images, outH, outW, channels, kernelH, kernelW, stride[0], stride[1]],
          ...[w * channels, h * w * channels, columns, outW * columns, outH * outW * columns, columns, low, high],
        );
        const worst = error(room.floats(output, out.length), expected);
        room.clear();
        expect(worst).toBeLessThan(2e-6);
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  test('winograd answers as the direct way does, never further off than 5e-6 of the largest output', () => {
    const some = fc.record({ images: size(2), h: fc.integer({ min: 3, max: 14 }), w: fc.integer({ min: 3, max: 14 }) });
    const wide = fc.record({
      channels: fc.oneof({ weight: 9, arbitrary: size(24).map((n) => 4 * n) }, fc.constant(512)),
      columns: size(10).map((n) => 4 * n),
      seed: size(1e6),
    });
    fc.assert(
      fc.property(some, wide, ({ images, h, w }, { channels, columns, seed }) => {
        const [x, k, bias] = [
          numbers(images * h * w * channels, seed),
          numbers(9 * channels * columns, seed + 1),
          numbers(columns, seed + 2),
        ];
        const shape: Shape = { images, h, w, channels, kernelH: 3, kernelW: 3, stride: [1, 1], columns };
        const { out, outH, outW } = convolved(x, k, bias, shape, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
        const residual = numbers(seed % 2 === 0 ? 0 : out.length, seed + 3);
        const expected = out.map((sum, at) => sum + (residual[at] ?? 0));
        const tiles = images * Math.ceil(outH / 4) * Math.ceil(outW / 4);
        const weights = room.take(36 * Math.ceil(columns / 8) * 8 * (channels + 1));
        room.kernels.pack_winograd(room.put(k), weights, channels, columns);
        const [input, output, scratch] = [
          room.put(x),
          room.take(out.length),
          room.take(36 * tiles * (channels + columns)),
        ];
        room.kernels.winograd(
          ...[input, weights, room.put(bias), output, residual.length > 0 ? room.put(residual) : 0, scratch],
          ...[images, outH, outW, channels],
          ...[w * channels, h * w * channels, columns, outW * columns, outH * outW * columns, -Infinity, Infinity],
        );
        const worst = error(room.floats(output, out.length), expected);
        room.clear();
        expect(worst).toBeLessThan(5e-6);
      }),
      { numRuns: 60, seed: 8 },
    );
  });

  test('batch_matmul, each operand as it is or transposed, its own or shared', () => {
    const flags = fc.record({ turnA: fc.boolean(), turnB: fc.boolean(), sharedA: fc.boolean(), sharedB: fc.boolean() });
    const sizes = fc.record({ batch: size(3), rows: size(14), depth: size(20), columns: size(20), seed: size(1e6) });
    fc.assert(
      fc.property(sizes, flags, ({ batch, rows, depth, columns, seed }, { turnA, turnB, sharedA, sharedB }) => {
        const a = numbers((sharedA ? 1 : batch) * rows * depth, seed);
        const b = numbers((sharedB ? 1 : batch) * depth * columns, seed + 1);
        const expected: number[] = [];
        for (let item = 0; item < batch; item++)
          for (let r = 0; r < rows; r++)
            for (let m = 0; m < columns; m++) {
              const fromA = (sharedA ? 0 : item) * rows * depth;
              const fromB = (sharedB ? 0 : item) * depth * columns;
              let sum = 0;
              for (let k = 0; k < depth; k++)
                sum +=
                  (a[fromA + (turnA ? k * rows + r : r * depth + k)] as number) *
                  (b[fromB + (turnB ? m * depth + k : k * columns + m)] as number);
              expected.push(sum);
            }
        const scratch = room.take(Math.ceil(columns / 8) * 8 * (depth + 1) + (turnA ? rows * depth : 0));
        const out = room.take(expected.length);
        room.kernels.batch_matmul(
          ...[room.put(a), room.put(b), out, batch, rows, depth, columns, Number(turnA), Number(turnB)],
          ...[sharedA ? 0 : rows * depth, sharedB ? 0 : depth * columns, scratch],
        );
        expectNear(room.floats(out, expected.length), expected, { absolute: 5e-6 });
        room.clear();
      }),
      { numRuns: 100, seed: 9 },
    );
  });

  test('conv2d inside a padded output, and over many panels of weights, leaves what is between alone', () => {
    fc.assert(
      fc.property(
        size(4),
        size(4),
        size(9),
        fc.constantFrom(4, 5, 160),
        size(6),
        size(1e6),
        (h, w, channels, columns, gap, seed) => {
          const depth = columns === 160 ? 700 : channels; // more than PANEL_BYTES
          const [x, k] = [numbers(h * w * depth, seed), numbers(depth * columns, seed + 1)];
          const bias = new Float32Array(columns);
          const shape: Shape = { images: 1, h, w, channels: depth, kernelH: 1, kernelW: 1, stride: [1, 1], columns };
          const { out } = convolved(x, k, bias, shape, -Infinity, Infinity);
          const weights = room.take(Math.ceil(columns / 8) * 8 * (depth + 1));
          room.kernels.pack(room.put(k), 0, weights, depth, columns);
          const [pixel, row] = [columns + gap, (w + 1) * (columns + gap)];
          const to = room.take(h * row);
          room.kernels.conv2d(
            ...[
              room.put(x),
              weights,
              to,
              0,
              1,
              h,
              w,
              depth,
              1,
              1,
              1,
              1,
              w * depth,
              h * w * depth,
              columns,
              row,
              h * row,
              pixel,
            ],
            ...[-Infinity, Infinity],
          );
          const expected = new Float64Array(h * row).fill(Number.NaN);
          for (const [at, value] of out.entries()) {
            const from = Math.floor(at / columns);
            expected[Math.floor(from / w) * row + (from % w) * pixel + (at % columns)] = value;
          }
          expect(error(room.floats(to, expected.length), expected)).toBeLessThan(5e-6);
          room.clear();
        },
      ),
      { numRuns: 40, seed: 10 },
    );
  });

  test('conv2d hands NaN and Infinity on, through a clamp too', () => {
    const x = Float32Array.of(1, Number.NaN, 1, Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 2 ** -149, 0);
    const weights = room.take(8 * 3);
    room.kernels.pack(room.put(Float32Array.of(1, 1)), 0, weights, 2, 1);
    const out = room.take(4);
    room.kernels.conv2d(room.put(x), weights, out, 0, 1, 1, 4, 2, 1, 1, 1, 1, 8, 0, 1, 4, 0, 1, 0, Infinity);
    expect([...room.floats(out, 4)]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0, 2 ** -149]);
    room.clear();
  });
});
