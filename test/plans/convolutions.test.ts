import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Tensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../../lib/importers/graph/graph-builder.js';
import { anyTensor, expectGraphAgreement, graphOf, integers, openPlanned, tensorOf } from './planned-graph.js';
import { anySliding, attributesOf, convolved, fits, plain, type Sliding, size } from './windows.js';

const runs = { numRuns: 15 };
const image = { datatype: 'FP32', shape: [-1, -1, -1, -1] } as const;

/** Numbers from −1 to 1. */
const anyNumbers = (...shape: number[]): fc.Arbitrary<Tensor> =>
  anyTensor('FP32', shape).map((tensor) =>
    tensorOf(
      'FP32',
      shape,
      [...tensor.data].map((number) => number / 8),
    ),
  );

/** Two batches of images, of several sizes too. */
const anyImages = (channels: number, least = 1): fc.Arbitrary<readonly [Tensor, Tensor]> =>
  fc
    .tuple(size(2), size(9, least), size(9, least))
    .chain(([batch, height, width]) =>
      fc.tuple(anyNumbers(batch, height, width, channels), anyNumbers(3, height, width + 1, channels)),
    );

type Build = (builder: GraphBuilder, x: GraphValue) => GraphValue;

const agrees = (images: readonly Tensor[], build: Build, tolerance = 2e-5): Promise<void> =>
  expectGraphAgreement(
    graphOf([images[0] as Tensor], (builder, [x]) => [build(builder, x as GraphValue)]),
    images.map((input) => [input]),
    tolerance,
  );

const node = (builder: GraphBuilder, op: string, inputs: readonly GraphValue[], attr: attribute.Attributes = {}) =>
  builder.node(op, inputs, attr, image);

const fitting = (sliding: Sliding, images: readonly Tensor[]): boolean =>
  images.every(({ shape }) => fits(sliding, shape[1] as number, shape[2] as number));

/** A window, images, a kernel and a bias; with 16 or more channels each way the kernel may be transformed. */
const anyConvolution = (options: { readonly wide: boolean }) =>
  fc
    .tuple(
      options.wide ? fc.constant(plain) : anySliding({ explicit: true, dilated: true }),
      fc.constantFrom(...(options.wide ? [16, 20] : [1, 3, 4, 6])),
      fc.constantFrom(...(options.wide ? [4, 12, 24] : [1, 2, 4, 9])),
      fc.constantFrom('SAME' as const, 'VALID' as const),
    )
    .chain(([sliding, channels, columns, padding]) =>
      fc.record({
        sliding: fc.constant<Sliding>(options.wide ? { ...sliding, padding } : sliding),
        images: anyImages(channels, options.wide ? 3 : 1),
        kernel: anyNumbers(sliding.kernel[0], sliding.kernel[1], channels, columns),
        bias: anyNumbers(columns),
      }),
    )
    .filter(({ sliding, images }) => fitting(sliding, images));

describe.each([
  ['a convolution', false],
  ['a convolution of many channels', true],
])('%s', (_, wide) => {
  test('is its definition', async () => {
    await fc.assert(
      fc.asyncProperty(anyConvolution({ wide }), async ({ sliding, images, kernel }) => {
        const graph = graphOf([images[0]], (builder, [x]) => [
          node(builder, 'Conv2D', [x as GraphValue, builder.constant(kernel, 'k')], attributesOf(sliding)),
        ]);
        const run = await openPlanned(graph);
        for (const input of [...images, images[0]]) {
          const [found] = run([input]);
          const expected = convolved(input, kernel, sliding);
          expect(found?.shape).toEqual(expected.shape);
          const scale = Math.max(1, ...expected.data.map(Math.abs));
          const errors = [...expected.data].map((number, index) => Math.abs(number - (found?.data[index] as number)));
          expect(Math.max(...errors) / scale).toBeLessThan(2e-5);
        }
      }),
      runs,
    );
  });

  test('takes a bias, a tensor and a clamp along', async () => {
    const endings = fc.record({
      bias: fc.boolean(),
      shortcut: fc.boolean(),
      clamp: fc.constantFrom('', 'Relu', 'Relu6'),
    });
    await fc.assert(
      fc.asyncProperty(anyConvolution({ wide }), endings, async ({ sliding, images, kernel, bias }, ending) => {
        await agrees(
          images,
          (builder, x) => {
            const weights = [kernel, bias].map((tensor) => builder.constant(tensor, 'w')) as [GraphValue, GraphValue];
            const other = node(builder, 'Conv2D', [x, weights[0]], attributesOf(sliding));
            let y = node(builder, 'Conv2D', [node(builder, 'Neg', [x]), weights[0]], attributesOf(sliding));
            if (ending.bias) y = node(builder, 'BiasAdd', [y, weights[1]]);
            if (ending.shortcut) y = node(builder, 'AddV2', [other, y]);
            return ending.clamp === '' ? y : node(builder, ending.clamp, [y]);
          },
          1e-4,
        );
      }),
      runs,
    );
  });
});

describe('a fused convolution', () => {
  test.each(['', 'Relu', 'Relu6', 'Elu', 'LeakyRelu', 'Sigmoid', 'Prelu'])('with %s', async (activation) => {
    await fc.assert(
      fc.asyncProperty(anyConvolution({ wide: false }), ({ sliding, images, kernel, bias }) =>
        agrees(images, (builder, x) => {
          // Prelu's alphas are the numbers of the bias here.
          const weights = [kernel, bias, ...(activation === 'Prelu' ? [bias] : [])];
          const inputs = weights.map((tensor) => builder.constant(tensor, 'w'));
          return node(builder, '_FusedConv2D', [x, ...inputs], {
            ...attributesOf(sliding),
            fused_ops: attribute.texts(['BiasAdd', ...(activation === '' ? [] : [activation])]),
            num_args: attribute.int(inputs.length - 1),
            leakyrelu_alpha: attribute.float(0.25),
          });
        }),
      ),
      { numRuns: 8 },
    );
  });
});

const anyDepthwise = fc
  .tuple(anySliding({ explicit: false, dilated: true }), fc.constantFrom(1, 3, 4, 8, 9), fc.constantFrom(1, 1, 2, 3))
  .chain(([sliding, channels, multiplier]) =>
    fc.record({
      sliding: fc.constant<Sliding>(sliding),
      images: anyImages(channels),
      kernel: anyNumbers(sliding.kernel[0], sliding.kernel[1], channels, multiplier),
      bias: anyNumbers(channels * multiplier),
    }),
  )
  .filter(({ sliding, images }) => fitting(sliding, images));

describe('a depthwise convolution', () => {
  test('is its definition', async () => {
    await fc.assert(
      fc.asyncProperty(anyDepthwise, async ({ sliding, images, kernel }) => {
        const graph = graphOf([images[0]], (builder, [x]) => [
          node(
            builder,
            'DepthwiseConv2dNative',
            [x as GraphValue, builder.constant(kernel, 'k')],
            attributesOf(sliding),
          ),
        ]);
        const run = await openPlanned(graph);
        for (const input of images) {
          const [found] = run([input]);
          const expected = convolved(input, kernel, sliding, true);
          expect(found?.shape).toEqual(expected.shape);
          for (const [index, number] of expected.data.entries()) expect(found?.data[index]).toBeCloseTo(number, 4);
        }
      }),
      runs,
    );
  });

  test.each(['', 'Relu', 'Relu6', 'Elu'])('fused with %s', async (activation) => {
    await fc.assert(
      fc.asyncProperty(anyDepthwise, async ({ sliding, images, kernel, bias }) => {
        // TF.js takes one step for both axes.
        const square = { ...sliding, stride: [sliding.stride[0], sliding.stride[0]] as const };
        if (!fitting(square, images)) return;
        await agrees(images, (builder, x) =>
          node(builder, 'FusedDepthwiseConv2dNative', [x, builder.constant(kernel, 'k'), builder.constant(bias, 'b')], {
            ...attributesOf(square),
            fused_ops: attribute.texts(['BiasAdd', ...(activation === '' ? [] : [activation])]),
            num_args: attribute.int(1),
          }),
        );
      }),
      { numRuns: 8 },
    );
  });
});

test('a transposed convolution', async () => {
  const any = fc
    .tuple(anySliding({ explicit: false, dilated: false }), fc.constantFrom(1, 3, 8), fc.constantFrom(1, 4, 5))
    .chain(([sliding, channels, columns]) =>
      fc.record({
        sliding: fc.constant<Sliding>(sliding),
        output: fc.tuple(size(9), size(9)),
        columns: fc.constant(columns),
        batch: size(4),
        kernel: anyNumbers(sliding.kernel[0], sliding.kernel[1], columns, channels),
        bias: anyNumbers(columns),
      }),
    )
    .filter(({ sliding, output }) => fits(sliding, ...output));
  await fc.assert(
    fc.asyncProperty(any, fc.boolean(), async ({ sliding, output, columns, batch, kernel, bias }, relu) => {
      const { shape } = convolved(
        tensorOf('FP32', [batch, ...output, columns], []),
        tensorOf('FP32', kernel.shape, []),
        sliding,
      );
      const [input] = fc.sample(anyNumbers(...shape), { numRuns: 1, seed: batch }) as [Tensor];
      await agrees([input], (builder, x) => {
        const sizes = builder.constant(integers(batch, ...output, columns), 'sizes');
        const y = node(
          builder,
          'Conv2DBackpropInput',
          [sizes, builder.constant(kernel, 'k'), x],
          attributesOf(sliding),
        );
        const shifted = node(builder, 'BiasAdd', [y, builder.constant(bias, 'b')]);
        return relu ? node(builder, 'Relu', [shifted]) : shifted;
      });
    }),
    runs,
  );
});
