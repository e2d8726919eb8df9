import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { builds, error, numbers, openRoom, type Room, size } from './kernel-room.js';

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

  test('winograd answers as the direct way does, within 5e-6', () => {
    const some = fc.record({ images: size(2), h: fc.integer({ min: 3, max: 14 }), w: fc.integer({ min: 3, max: 14 }) });
    const wide = fc.record({
      channels: size(8).map((n) => 4 * n),
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
        const tiles = images * Math.ceil(outH / 4) * Math.ceil(outW / 4);
        const weights = room.take(36 * Math.ceil(columns / 8) * 8 * (channels + 1));
        room.kernels.pack_winograd(room.put(k), weights, channels, columns, room.take(channels * columns));
        const [input, output, scratch] = [
          room.put(x),
          room.take(out.length),
          room.take(36 * tiles * (channels + columns)),
        ];
        room.kernels.winograd(
          ...[input, weights, room.put(bias), output, scratch, images, outH, outW, channels],
          ...[w * channels, h * w * channels, columns, outW * columns, outH * outW * columns, -Infinity, Infinity],
        );
        const worst = error(room.floats(output, out.length), out);
        room.clear();
        expect(worst).toBeLessThan(5e-6);
      }),
      { numRuns: 40, seed: 8 },
    );
  });
});
