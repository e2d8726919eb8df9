import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GraphBuilder, GraphValue } from '../../lib/importers/graph/graph-builder.js';
import { arithmetic, scalar, unary } from '../../lib/importers/graph/ops/elementwise.js';
import { reduce } from '../../lib/importers/graph/ops/reduce.js';
import { anyBatches, anyTensor, callsOf, expectGraphAgreement, graphOf, tensorOf } from './planned-graph.js';

type Build = (builder: GraphBuilder, inputs: readonly GraphValue[]) => readonly GraphValue[];

/** The ways in which graphs spell it. */
const anySpelling = fc.record({
  centred: fc.boolean(),
  square: fc.constantFrom('Square', 'Mul'),
  root: fc.constantFrom('Rsqrt', 'Sqrt'),
  /** Axes of [batch, 3, 4], from the end. */
  axes: fc.constantFrom<readonly number[]>([-1], [-2, -1], [2, 1]),
  gamma: fc.boolean(),
  beta: fc.boolean(),
  /** Inputs of sums and products the other way round. */
  turned: fc.boolean(),
});
type Spelling = typeof anySpelling extends fc.Arbitrary<infer T> ? T : never;

const row = (axes: readonly number[], from: number) => {
  const shape = axes.length === 1 ? [4] : [3, 4];
  return tensorOf(
    'FP32',
    shape,
    Array.from({ length: axes.length === 1 ? 4 : 12 }, (_, index) => from + index / 8),
  );
};

const spelled =
  ({ centred, square, root, axes, gamma, beta, turned }: Spelling): Build =>
  (builder, [input]) => {
    const pair = (op: 'Mul' | 'AddV2', a: GraphValue, b: GraphValue) =>
      turned ? arithmetic(builder, op, b, a) : arithmetic(builder, op, a, b);
    let x = input as GraphValue;
    if (centred) x = arithmetic(builder, 'Sub', x, reduce(builder, 'Mean', x, axes, true));
    const squared = square === 'Square' || !centred ? unary(builder, 'Square', x) : arithmetic(builder, 'Mul', x, x);
    const sum = pair('AddV2', reduce(builder, 'Mean', squared, axes, true), scalar(builder, 1e-3));
    let y =
      root === 'Rsqrt'
        ? pair('Mul', x, unary(builder, 'Rsqrt', sum))
        : arithmetic(builder, 'RealDiv', x, unary(builder, 'Sqrt', sum));
    if (gamma) y = pair('Mul', y, builder.constant(row(axes, 1), 'gamma'));
    if (beta) y = pair('AddV2', y, builder.constant(row(axes, -1), 'beta'));
    return [y];
  };

test('a layer normalisation is one call, however it is spelled, and answers as TF.js does', () =>
  fc.assert(
    fc.asyncProperty(anySpelling, anyBatches('FP32', [2, 3, 4]), async (spelling, batches) => {
      const graph = graphOf(batches[0] ?? [], spelled(spelling));
      expect(await callsOf(graph, batches[0] ?? [])).toEqual(['layer_norm']);
      await expectGraphAgreement(graph, batches, 3e-5);
    }),
    { numRuns: 60 },
  ));

const plain: Spelling = {
  centred: true,
  square: 'Square',
  root: 'Rsqrt',
  axes: [-1],
  gamma: true,
  beta: true,
  turned: false,
};

const meanOf = (builder: GraphBuilder, x: GraphValue): GraphValue => reduce(builder, 'Mean', x, [-1], true);

/** x · 1 / √(mean(x²) + epsilon) */
function scaled(builder: GraphBuilder, x: GraphValue, axes: readonly number[] = [-1], keepDims = true): GraphValue {
  const mean = reduce(builder, 'Mean', unary(builder, 'Square', x), axes, keepDims);
  return arithmetic(
    builder,
    'Mul',
    x,
    unary(builder, 'Rsqrt', arithmetic(builder, 'AddV2', mean, scalar(builder, 1e-3))),
  );
}

/** Where the mean is none of its, or nothing is: what is left is normalised alone, or call by call. */
const others: Readonly<Record<string, (builder: GraphBuilder, x: GraphValue) => readonly GraphValue[]>> = {
  'what is left without the mean is an output, too': (builder, x) => {
    const centred = arithmetic(builder, 'Sub', x, meanOf(builder, x));
    return [scaled(builder, centred), centred];
  },
  'something else reads it': (builder, x) => {
    const centred = arithmetic(builder, 'Sub', x, meanOf(builder, x));
    return [scaled(builder, centred), unary(builder, 'Abs', centred)];
  },
  'the mean and the variance are over different axes': (builder, x) => [
    scaled(builder, arithmetic(builder, 'Sub', x, meanOf(builder, x)), [-2, -1]),
  ],
  'the mean is subtracted the other way round': (builder, x) => [
    scaled(builder, arithmetic(builder, 'Sub', meanOf(builder, x), x)),
  ],
  'its axes are not the last': (builder, x) =>
    spelled({ ...plain, axes: [1], gamma: false, beta: false })(builder, [x]),
  'its axes are dropped': (builder, x) => [scaled(builder, x, [0, 1, 2], false)],
};

test.each(Object.entries(others))('the mean has a call of its own where %s', async (_, build) => {
  const [inputs = []] = fc.sample(anyBatches('FP32', [2, 3, 4]), 1)[0] ?? [];
  const graph = graphOf(inputs, (builder, [x]) => build(builder, x as GraphValue));
  expect(await callsOf(graph, inputs)).toContain('reduce');
  await expectGraphAgreement(graph, [inputs]);
});

/** Numbers as many as are normalised, but not those; and what adds an axis. */
test.each([
  ['a column', [4, 4], [-1], [4, 1]],
  ['one for each image', [4, 2, 2], [-2, -1], [4, 1, 1]],
  ['another axis in front', [4, 4], [-1], [1, 1, 1, 4]],
  ['fewer', [3, 4], [-1], [3, 1]],
] as const)('numbers for other axes than the normalised are another call: %s', async (_, row, axes, shape) => {
  const [x = tensorOf('FP32', [], [0])] = fc.sample(anyTensor('FP32', [2, ...row]), 1);
  const count = shape.reduce((product: number, size) => product * size, 1);
  for (const centred of [true, false]) {
    const graph = graphOf([x], (builder, inputs) => {
      const [y] = spelled({ ...plain, centred, axes, gamma: false, beta: false })(builder, inputs);
      const numbers = tensorOf(
        'FP32',
        shape,
        Array.from({ length: count }, (_, index) => 1 + index),
      );
      return [arithmetic(builder, 'Mul', y as GraphValue, builder.constant(numbers, 'numbers'))];
    });
    expect(await callsOf(graph, [x])).toEqual(['layer_norm', 'binary']);
    await expectGraphAgreement(graph, [[x]], 3e-5);
  }
});

test('an epsilon with more axes than the rows gives them to the result', async () => {
  const x = tensorOf('FP32', [2, 4], [1, 2, 3, 4, 2, 4, 6, 8]);
  const graph = graphOf([x], (builder, [input]) => {
    const square = reduce(builder, 'Mean', unary(builder, 'Square', input as GraphValue), [-1], true);
    const epsilon = builder.constant(tensorOf('FP32', [1, 1, 1], [1e-3]), 'epsilon');
    const spread = unary(builder, 'Rsqrt', arithmetic(builder, 'AddV2', square, epsilon));
    return [arithmetic(builder, 'Mul', input as GraphValue, spread)];
  });
  expect(await callsOf(graph, [x])).not.toContain('layer_norm');
  await expectGraphAgreement(graph, [[x]]);
});
