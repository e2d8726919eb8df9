import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { builds, error, expectNear, hardNumbers, numbers, openRoom, type Room, size } from './kernel-room.js';

type Pair = readonly [number, number];

/** A window over padded images, and where it reads and writes. */
interface Case {
  readonly images: number;
  readonly channels: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly out: Pair;
  /** Rows and columns of the input that no window reads. */
  readonly spare: Pair;
  readonly seed: number;
}

const pair = (most: number) => fc.tuple(size(most), size(most));
const none = fc.constant<Pair>([1, 1]);
const cases = (dilation: fc.Arbitrary<Pair> = none): fc.Arbitrary<Case> =>
  fc.record({
    images: size(2),
    channels: fc.constantFrom(1, 3, 4, 5, 7, 8, 9, 12, 16),
    kernel: fc.oneof(fc.constant<Pair>([3, 3]), pair(5)),
    stride: fc.oneof(fc.constantFrom<Pair>([1, 1], [2, 2]), pair(3)),
    dilation,
    out: pair(7),
    spare: fc.tuple(size(2), size(2)).map(([y, x]): Pair => [y - 1, x - 1]),
    seed: size(1e6),
  });

const inputSize = ({ kernel, stride, dilation, out, spare }: Case, axis: 0 | 1): number =>
  (out[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 + spare[axis];

/** What a window sees: for each output pixel the places of kernel_h · kernel_w pixels. */
function* windows(shape: Case): Generator<number[]> {
  const { images, kernel, stride, dilation, out } = shape;
  const [h, w] = [inputSize(shape, 0), inputSize(shape, 1)];
  for (let n = 0; n < images; n++)
    for (let y = 0; y < out[0]; y++)
      for (let x = 0; x < out[1]; x++)
        yield Array.from({ length: kernel[0] * kernel[1] }, (_, at) => {
          const [i, j] = [Math.floor(at / kernel[1]), at % kernel[1]];
          return (n * h + y * stride[0] + i * dilation[0]) * w + x * stride[1] + j * dilation[1];
        });
}

const unclamped = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

describe.each(builds)('%s', (build) => {
  let room: Room;
  beforeAll(async () => {
    room = await openRoom(build);
  });

  test('depthwise', () => {
    fc.assert(
      fc.property(cases(fc.oneof(none, none, pair(3))), fc.boolean(), fc.boolean(), (shape, relu, withBias) => {
        const { images, channels, kernel, stride, dilation, out, seed } = shape;
        const [h, w] = [inputSize(shape, 0), inputSize(shape, 1)];
        const x = numbers(images * h * w * channels, seed);
        const k = numbers(kernel[0] * kernel[1] * channels, seed + 1);
        const bias = withBias ? numbers(channels, seed + 2) : new Float32Array(channels);
        const [low, high] = relu ? [0, 6] : unclamped;
        const expected = [...windows(shape)].flatMap((pixels) =>
          Array.from(bias, (start, c) => {
            const sum = pixels.reduce(
              (all, pixel, at) => all + (x[pixel * channels + c] as number) * (k[at * channels + c] as number),
              start,
            );
            return Math.min(high, Math.max(low, sum));
          }),
        );
        const weights = room.take(Math.ceil(channels / 4) * 4 * (kernel[0] * kernel[1] + 1));
        room.kernels.pack_depthwise(
          room.put(k),
          withBias ? room.put(bias) : 0,
          weights,
          kernel[0] * kernel[1],
          channels,
        );
        const to = room.take(expected.length);
        room.kernels.depthwise(
          ...[room.put(x), weights, to, images, ...out, channels, ...kernel, ...stride, ...dilation],
          ...[w * channels, h * w * channels, out[1] * channels, out[0] * out[1] * channels, low, high],
        );
        expectNear(room.floats(to, expected.length), expected, { absolute: 5e-6 });
        room.clear();
      }),
      { numRuns: 200, seed: 31 },
    );
  });

  test('max_pool hands NaN and infinities on', () => {
    fc.assert(
      fc.property(cases(), (shape) => {
        const { images, channels, kernel, stride, out, seed } = shape;
        const [h, w] = [inputSize(shape, 0), inputSize(shape, 1)];
        const x = hardNumbers(images * h * w * channels, seed);
        const expected = [...windows(shape)].flatMap((pixels) =>
          Array.from({ length: channels }, (_, c) =>
            Math.max(...pixels.map((pixel) => x[pixel * channels + c] as number)),
          ),
        );
        const to = room.take(expected.length);
        room.kernels.max_pool(
          ...[room.put(x), to, images, ...out, channels, ...kernel, ...stride],
          ...[w * channels, h * w * channels, out[1] * channels, out[0] * out[1] * channels],
        );
        expectNear(room.floats(to, expected.length), expected);
        room.clear();
      }),
      { numRuns: 100, seed: 32 },
    );
  });

  test('mean_pool leaves padding out of its count', () => {
    fc.assert(
      fc.property(cases(), fc.tuple(size(3), size(3)), (shape, border) => {
        const { images, channels, kernel, stride, out, seed } = shape;
        // Padding on each side, always less than the kernel, so that each window has a pixel.
        const pad = border.map((value, axis) => Math.min(value - 1, (kernel[axis] as number) - 1)) as [number, number];
        const [h, w] = ([0, 1] as const).map((axis) => Math.max(1, inputSize(shape, axis) - 2 * pad[axis])) as [
          number,
          number,
        ];
        const x = numbers(images * h * w * channels, seed);
        const expected: number[] = [];
        for (let n = 0; n < images; n++)
          for (let y = 0; y < out[0]; y++)
            for (let q = 0; q < out[1]; q++) {
              const pixels = Array.from({ length: kernel[0] * kernel[1] }, (_, at) => [
                y * stride[0] - pad[0] + Math.floor(at / kernel[1]),
                q * stride[1] - pad[1] + (at % kernel[1]),
              ]).filter(([i = 0, j = 0]) => i >= 0 && i < h && j >= 0 && j < w);
              for (let c = 0; c < channels; c++) {
                const sum = pixels.reduce(
                  (all, [i = 0, j = 0]) => all + (x[((n * h + i) * w + j) * channels + c] as number),
                  0,
                );
                expected.push(sum / pixels.length);
              }
            }
        const to = room.take(expected.length);
        room.kernels.mean_pool(
          ...[room.put(x), to, images, h, w, ...out, channels, ...kernel, ...stride, ...pad],
          ...[out[1] * channels, out[0] * out[1] * channels],
        );
        expectNear(room.floats(to, expected.length), expected, { absolute: 1e-6 });
        room.clear();
      }),
      { numRuns: 100, seed: 33 },
    );
  });

  test('patches are the windows as rows', () => {
    fc.assert(
      fc.property(cases(pair(3)), (shape) => {
        const { images, channels, kernel, stride, dilation, out, seed } = shape;
        const [h, w] = [inputSize(shape, 0), inputSize(shape, 1)];
        const x = hardNumbers(images * h * w * channels, seed);
        const expected = [...windows(shape)].flatMap((pixels) =>
          pixels.flatMap((pixel) => [...x.subarray(pixel * channels, (pixel + 1) * channels)]),
        );
        const to = room.take(expected.length);
        room.kernels.patches(
          ...[
            room.put(x),
            to,
            images,
            ...out,
            channels,
            ...kernel,
            ...stride,
            ...dilation,
            w * channels,
            h * w * channels,
          ],
        );
        expect([...room.floats(to, expected.length)]).toEqual(expected);
        room.clear();
      }),
      { numRuns: 80, seed: 34 },
    );
  });

  test('overlap_add puts patches back, as transposed convolution does', () => {
    fc.assert(
      fc.property(cases(), fc.tuple(size(4), size(4)), fc.boolean(), fc.boolean(), (shape, cut, relu, withBias) => {
        const { images, channels, kernel, stride, out: from, spare, seed } = shape;
        const pad = cut.map((value, axis) => Math.min(value - 1, (kernel[axis] as number) - 1)) as [number, number];
        const to = ([0, 1] as const).map((axis) =>
          Math.max(1, (from[axis] - 1) * stride[axis] + kernel[axis] - 2 * pad[axis] + spare[axis]),
        ) as [number, number];
        const [low, high] = relu ? [0, 1] : unclamped;
        const patch = kernel[0] * kernel[1] * channels;
        const x = numbers(images * from[0] * from[1] * patch, seed);
        const bias = withBias ? numbers(channels, seed + 1) : new Float32Array(channels);
        const sums = Float64Array.from(
          { length: images * to[0] * to[1] * channels },
          (_, at) => bias[at % channels] as number,
        );
        // By scattering, where the kernel gathers.
        for (const [at, value] of x.entries()) {
          const [pixel, c] = [Math.floor(at / patch), at % channels];
          const tap = Math.floor((at % patch) / channels);
          const [n, row, column] = [
            Math.floor(pixel / (from[0] * from[1])),
            Math.floor(pixel / from[1]) % from[0],
            pixel % from[1],
          ];
          const y = row * stride[0] + Math.floor(tap / kernel[1]) - pad[0];
          const q = column * stride[1] + (tap % kernel[1]) - pad[1];
          if (y < 0 || y >= to[0] || q < 0 || q >= to[1]) continue;
          const target = ((n * to[0] + y) * to[1] + q) * channels + c;
          sums[target] = (sums[target] as number) + value;
        }
        const result = room.take(sums.length);
        room.kernels.overlap_add(
          ...[
            room.put(x),
            withBias ? room.put(bias) : 0,
            result,
            images,
            ...from,
            channels,
            ...kernel,
            ...stride,
            ...pad,
          ],
          ...[...to, to[1] * channels, to[0] * to[1] * channels, low, high],
        );
        const expected = sums.map((sum) => Math.min(high, Math.max(low, sum)));
        expect(error(room.floats(result, sums.length), expected)).toBeLessThan(2e-6);
        room.clear();
      }),
      { numRuns: 100, seed: 35 },
    );
  });
});
