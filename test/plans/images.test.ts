import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import type { Tensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import { anyTensor, expectAgreement, integers, tensorOf } from './planned-graph.js';
import { anySliding, attributesOf, fits, size } from './windows.js';

const runs = { numRuns: 20 };

/** Images, and others of another batch and size. */
const anyImages = (channels: number): fc.Arbitrary<readonly [Tensor, Tensor]> =>
  fc
    .tuple(size(3), size(8), size(8))
    .chain(([batch, height, width]) =>
      fc.tuple(
        anyTensor('FP32', [batch, height, width, channels]),
        anyTensor('FP32', [3, height + 1, width, channels]),
      ),
    );

const batchesOf = (images: readonly Tensor[]): Tensor[][] => images.map((image) => [image]);

describe('a pooling is that of TF.js', () => {
  test.each(['MaxPool', 'AvgPool'])('%s', async (op) => {
    const any = fc.tuple(anySliding({ explicit: false, dilated: false }), size(9).chain(anyImages));
    await fc.assert(
      fc.asyncProperty(any, async ([sliding, images]) => {
        const isFitting = images.every(({ shape }) => fits(sliding, shape[1] as number, shape[2] as number));
        if (!isFitting) return;
        const attr = { ...attributesOf(sliding), ksize: attribute.ints([1, ...sliding.kernel, 1]) };
        await expectAgreement({ op, attr, batches: batchesOf(images) });
      }),
      runs,
    );
  });
});

describe('images of another size are those of TF.js', () => {
  test.each([
    ['ResizeBilinear', false, false],
    ['ResizeBilinear', true, false],
    ['ResizeBilinear', false, true],
    ['ResizeNearestNeighbor', false, false],
    ['ResizeNearestNeighbor', true, false],
    ['ResizeNearestNeighbor', false, true],
  ])('%s, corners aligned: %s, half pixel centers: %s', async (op, corners, half) => {
    await fc.assert(
      fc.asyncProperty(size(9).chain(anyImages), size(12), size(12), (images, height, width) =>
        expectAgreement({
          op,
          attr: { align_corners: attribute.flag(corners), half_pixel_centers: attribute.flag(half) },
          batches: batchesOf(images),
          behind: [integers(height, width)],
        }),
      ),
      runs,
    );
  });
});

test.each(['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'])('%s', async (op) => {
  const any = size(9).chain((channels) =>
    fc.tuple(
      anyImages(channels),
      fc.array(anyTensor('FP32', [channels]), { minLength: 3, maxLength: 3 }),
      fc
        .array(fc.integer({ min: 1, max: 100 }), { minLength: channels, maxLength: channels })
        .map((numbers) => tensorOf('FP32', [channels], numbers)),
    ),
  );
  await fc.assert(
    fc.asyncProperty(any, ([images, trained, variance]) =>
      expectAgreement({
        op,
        attr: {
          epsilon: attribute.float(0.001),
          is_training: attribute.flag(false),
          data_format: attribute.text('NHWC'),
        },
        batches: batchesOf(images),
        behind: [...trained, variance],
      }),
    ),
    runs,
  );
});

describe('blocks of images', () => {
  const anyBlocks = fc.record({
    block: fc.tuple(size(3), size(3)),
    count: fc.tuple(size(3), size(3)),
    ends: fc.array(size(2, 0), { minLength: 4, maxLength: 4 }),
    channels: size(5),
    batch: size(3),
    seed: size(1e6),
  });
  const sample = (shape: readonly number[], seed: number): Tensor =>
    fc.sample(anyTensor('FP32', shape), { numRuns: 1, seed })[0] as Tensor;

  test('SpaceToBatchND', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyBlocks,
        async ({ block, count, ends: [top = 0, bottom = 0, left = 0, right = 0], ...rest }) => {
          const [height, width] = [block[0] * count[0] + 4, block[1] * count[1] + 4].map((length, axis) => {
            const step = block[axis] as number;
            return Math.ceil(length / step) * step;
          }) as [number, number];
          const image = sample([rest.batch, height - top - bottom, width - left - right, rest.channels], rest.seed);
          await expectAgreement({
            op: 'SpaceToBatchND',
            batches: [[image]],
            behind: [integers(...block), tensorOf('INT32', [2, 2], [top, bottom, left, right])],
          });
        },
      ),
      runs,
    );
  });

  test('BatchToSpaceND', async () => {
    await fc.assert(
      fc.asyncProperty(anyBlocks, async ({ block, count, ends: [top = 0, , left = 0], channels, batch, seed }) => {
        const image = sample([batch * block[0] * block[1], ...count, channels], seed);
        const crops = [Math.min(top, block[0] * count[0] - 1), 0, 0, Math.min(left, block[1] * count[1] - 1)];
        await expectAgreement({
          op: 'BatchToSpaceND',
          batches: [[image]],
          behind: [integers(...block), tensorOf('INT32', [2, 2], crops)],
        });
      }),
      runs,
    );
  });
});
