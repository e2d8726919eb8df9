import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Datatype, Tensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import { anyBatches, anyShape, anyTensor, expectAgreement, graphOf, openPlanned, tensorOf } from './planned-graph.js';

const positive = (tensor: Tensor): Tensor =>
  tensorOf(
    'FP32',
    tensor.shape,
    [...tensor.data].map((number) => Math.abs(number) + 0.01),
  );

const runs = { numRuns: 12 };

describe('a function of each number is that of TF.js', () => {
  const everywhere = ['Neg', 'Abs', 'Square', 'Exp', 'Sigmoid', 'Tanh', 'Erf', 'Floor', 'Ceil', 'Round', 'Sign'];
  const more = ['Softplus', 'Elu', 'Selu', 'LeakyRelu', 'Relu', 'Relu6', 'Expm1', 'Softmax', 'LogSoftmax'];
  const roots = ['Sqrt', 'Rsqrt', 'Log', 'Log1p', 'Reciprocal'];

  test.each([...everywhere, ...more])('%s', async (op) => {
    await fc.assert(
      fc.asyncProperty(
        anyShape().chain((shape) => anyBatches('FP32', shape)),
        (batches) => expectAgreement({ op, batches }),
      ),
      runs,
    );
  });

  test.each(roots)('%s', async (op) => {
    await fc.assert(
      fc.asyncProperty(
        anyShape().chain((shape) => anyBatches('FP32', shape)),
        (batches) => expectAgreement({ op, batches: batches.map((inputs) => inputs.map(positive)) }),
      ),
      runs,
    );
  });

  // TF.js' engine takes no such inputs.
  const odd = tensorOf('FP32', [6], [Number.NaN, 1, Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY, -3]);
  const answersOf = async (op: string, datatype: Datatype) => {
    const graph = graphOf([odd], (builder, inputs) => [builder.node(op, inputs, {}, { datatype, shape: [6] })]);
    return [...((await openPlanned(graph))([odd])[0]?.data ?? [])];
  };

  test.each([
    ['IsNan', [1, 0, 0, 0, 0, 0]],
    ['IsInf', [0, 0, 1, 0, 1, 0]],
    ['IsFinite', [0, 1, 0, 1, 0, 1]],
  ])('%s', async (op, expected) => {
    expect(await answersOf(op, 'BOOL')).toEqual(expected);
  });

  test.each(['Relu', 'Relu6', 'Abs', 'Tanh', 'Exp', 'Round', 'Sign', 'Elu', 'Softplus', 'Selu'])(
    '%s hands NaN on',
    async (op) => {
      expect((await answersOf(op, 'FP32')).map(Number.isNaN)).toEqual([true, false, false, false, false, false]);
    },
  );

  const types: readonly Datatype[] = ['FP32', 'INT32', 'BOOL'];
  test.each(types.flatMap((from) => types.map((to) => [from, to] as const)))('Cast of %s to %s', async (from, to) => {
    await fc.assert(
      fc.asyncProperty(
        anyShape().chain((shape) => anyBatches(from, shape)),
        (batches) =>
          expectAgreement({
            op: 'Cast',
            attr: { SrcT: attribute.type(from), DstT: attribute.type(to) },
            batches,
            yields: [to],
          }),
      ),
      runs,
    );
  });
});

/** Two tensors that can be broadcast to one shape: some of their axes are 1, and the first ones may be missing in one. */
const anyPair = (datatype: Datatype): fc.Arbitrary<Tensor[]> =>
  anyShape().chain((shape) => {
    const side = fc
      .tuple(fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }), fc.nat(shape.length))
      .chain(([ones, missing]) =>
        anyTensor(datatype, shape.map((size, axis) => (ones[axis] ? 1 : size)).slice(missing)),
      );
    return fc.tuple(side, side).filter(([a, b]) => a.shape.length + b.shape.length > 0);
  });

describe('a function of two numbers is that of TF.js, with broadcasting', () => {
  const numbers = ['AddV2', 'Sub', 'Mul', 'Maximum', 'Minimum'];
  const comparisons = ['Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater', 'GreaterEqual'];
  const logic = ['LogicalAnd', 'LogicalOr', 'Equal', 'NotEqual'];
  const cases: readonly (readonly [string, Datatype, Datatype])[] = [
    ...[...numbers, 'SquaredDifference', 'AddN'].map((op) => [op, 'FP32', 'FP32'] as const),
    ...numbers.map((op) => [op, 'INT32', 'INT32'] as const),
    ...comparisons.flatMap((op) => (['FP32', 'INT32'] as const).map((type) => [op, type, 'BOOL'] as const)),
    ...logic.map((op) => [op, 'BOOL', 'BOOL'] as const),
  ];

  test.each(cases)('%s of %s', async (op, datatype, result) => {
    await fc.assert(
      fc.asyncProperty(anyPair(datatype), async (pair) => {
        const same = op === 'AddN' ? pair.map(() => pair[0] as Tensor) : pair;
        const attr = op === 'AddN' ? { N: attribute.int(2) } : {};
        await expectAgreement({ op, attr, batches: [same], yields: [result] });
        await expectAgreement({ op, attr, batches: [same.slice(0, 1)], behind: same.slice(1), yields: [result] });
      }),
      { numRuns: 8 },
    );
  });

  const withoutZero = (tensor: Tensor): Tensor =>
    tensorOf(
      tensor.datatype,
      tensor.shape,
      [...tensor.data].map((number) => number || 1),
    );

  test.each([
    ['RealDiv', 'FP32'],
    ['FloorDiv', 'INT32'],
    ['FloorMod', 'INT32'],
  ] as const)('%s of %s', async (op, datatype) => {
    await fc.assert(
      fc.asyncProperty(anyPair(datatype), ([a, b]) =>
        expectAgreement({ op, batches: [[a as Tensor, withoutZero(b as Tensor)]], yields: [datatype] }),
      ),
      runs,
    );
  });

  test('Pow', async () => {
    await fc.assert(
      fc.asyncProperty(anyPair('FP32'), ([a, b]) =>
        expectAgreement({ op: 'Pow', batches: [[positive(a as Tensor), b as Tensor]] }, 2e-5),
      ),
      runs,
    );
  });

  test('Prelu', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(anyTensor('FP32', [3, 2, 4]), anyTensor('FP32', [5, 2, 4]), anyTensor('FP32', [2, 4])),
        ([one, other, alpha]) => expectAgreement({ op: 'Prelu', batches: [[one], [other]], behind: [alpha] }),
      ),
      runs,
    );
  });

  test('whole numbers wrap at 32 bits', async () => {
    const large = tensorOf('INT32', [3], [2 ** 31 - 1, -(2 ** 31), 65_537]);
    for (const op of ['AddV2', 'Sub', 'Mul'])
      await expectAgreement({ op, batches: [[large, tensorOf('INT32', [3], [1, 1, 32_769])]], yields: ['INT32'] });
  });
});

describe('a choice is that of TF.js', () => {
  test.each(['FP32', 'INT32', 'BOOL'] as const)('SelectV2 of %s', async (datatype) => {
    await fc.assert(
      fc.asyncProperty(
        anyPair(datatype).chain(([a, b]) =>
          fc.tuple(anyTensor('BOOL', (a as Tensor).shape), fc.constant(a as Tensor), fc.constant(b as Tensor)),
        ),
        (inputs) => expectAgreement({ op: 'SelectV2', batches: [inputs], yields: [datatype] }),
      ),
      runs,
    );
  });

  test('Select chooses whole rows by a vector', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyShape(2, 3).chain((shape) =>
          fc.tuple(anyTensor('BOOL', shape.slice(0, 1)), anyTensor('FP32', shape), anyTensor('FP32', shape)),
        ),
        (inputs) => expectAgreement({ op: 'Select', batches: [inputs] }),
      ),
      runs,
    );
  });
});
