import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeTensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import type { GraphValue } from '../../lib/importers/graph/graph-builder.js';
import {
  anyBatches,
  anyShape,
  anyTensor,
  expectAgreement,
  graphOf,
  integer,
  integers,
  openPlanned,
} from './planned-graph.js';

const runs = { numRuns: 20 };
const size = fc.integer({ min: 1, max: 12 });

describe('products are those of TF.js', () => {
  const flags = fc.tuple(fc.boolean(), fc.boolean());
  const turned = (turn: boolean, rows: number, columns: number) => (turn ? [columns, rows] : [rows, columns]);

  test('MatMul of a weight and of a computed tensor, each turned or not', () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(flags, size, size, size).chain(([[turnA, turnB], rows, depth, columns]) =>
          fc.record({
            attr: fc.constant({ transpose_a: attribute.flag(turnA), transpose_b: attribute.flag(turnB) }),
            a: anyTensor('FP32', turned(turnA, rows, depth)),
            other: anyTensor('FP32', turned(turnA, rows + 3, depth)),
            b: anyTensor('FP32', turned(turnB, depth, columns)),
          }),
        ),
        async ({ attr, a, other, b }) => {
          await expectAgreement({ op: 'MatMul', attr, batches: [[a], [other]], behind: [b] });
          await expectAgreement({
            op: 'MatMul',
            attr,
            batches: [
              [a, b],
              [other, b],
            ],
          });
        },
      ),
      runs,
    ));

  test('a weight of more axes behind one is no bias: the sum has its axes', async () => {
    const rows = makeTensor('FP32', [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
    const kernel = makeTensor('FP32', [2, 2], Float32Array.of(1, 0, 0, 1));
    const added = makeTensor('FP32', [1, 1, 2], Float32Array.of(10, 20));
    const graph = graphOf([rows], (builder, [x]) => {
      const product = builder.node(
        'MatMul',
        [x as GraphValue, builder.constant(kernel, 'k')],
        {},
        { datatype: 'FP32', shape: [-1, 2] },
      );
      return [
        builder.node('AddV2', [product, builder.constant(added, 'b')], {}, { datatype: 'FP32', shape: [1, -1, 2] }),
      ];
    });
    const [sum] = (await openPlanned(graph))([rows]);
    expect(sum).toEqual(makeTensor('FP32', [1, 3, 2], Float32Array.of(11, 22, 13, 24, 15, 26)));
  });

  test('BatchMatMulV2, with repeated matrices on either side', () =>
    fc.assert(
      fc.asyncProperty(
        fc
          .tuple(flags, size, size, size, anyShape(1, 2), fc.constantFrom('none', 'a', 'b'))
          .chain(([[turnA, turnB], rows, depth, columns, batch, single]) =>
            fc.record({
              attr: fc.constant({ adj_x: attribute.flag(turnA), adj_y: attribute.flag(turnB) }),
              a: anyTensor('FP32', [...(single === 'a' ? batch.map(() => 1) : batch), ...turned(turnA, rows, depth)]),
              b: anyTensor('FP32', [
                ...(single === 'b' ? batch.map(() => 1) : batch),
                ...turned(turnB, depth, columns),
              ]),
            }),
          ),
        ({ attr, a, b }) => expectAgreement({ op: 'BatchMatMulV2', attr, batches: [[a, b]] }),
      ),
      runs,
    ));

  test.each(['none', 'Relu', 'Relu6', 'Elu', 'LeakyRelu', 'Sigmoid'])('_FusedMatMul with a bias and %s', (name) =>
    fc.assert(
      fc.asyncProperty(
        fc
          .tuple(size, size, size)
          .chain(([rows, depth, columns]) =>
            fc.tuple(
              anyBatches('FP32', [rows, depth]),
              anyTensor('FP32', [depth, columns]),
              anyTensor('FP32', [columns]),
            ),
          ),
        ([batches, kernel, bias]) =>
          expectAgreement({
            op: '_FusedMatMul',
            attr: {
              fused_ops: attribute.texts(name === 'none' ? ['BiasAdd'] : ['BiasAdd', name]),
              num_args: attribute.int(1),
              leakyrelu_alpha: attribute.float(0.3),
            },
            batches,
            behind: [kernel, bias],
          }),
      ),
      { numRuns: 8 },
    ),
  );
});

describe('reductions are those of TF.js', () => {
  const cases = [
    ['Sum', 'FP32'],
    ['Mean', 'FP32'],
    ['Max', 'FP32'],
    ['Min', 'FP32'],
    ['Prod', 'FP32'],
    ['Sum', 'INT32'],
    ['Max', 'INT32'],
    ['Min', 'INT32'],
    ['All', 'BOOL'],
    ['Any', 'BOOL'],
  ] as const;

  test.each(cases)('%s of %s over any axes', (op, datatype) =>
    fc.assert(
      fc.asyncProperty(
        anyShape(1, 4).chain((shape) =>
          fc.record({
            batches: anyBatches(datatype, shape),
            axes: fc.subarray(shape.map((_, axis) => (axis % 2 === 0 ? axis : axis - shape.length))),
            keep: fc.boolean(),
          }),
        ),
        ({ batches, axes, keep }) =>
          expectAgreement({
            op,
            attr: { keep_dims: attribute.flag(keep) },
            batches,
            behind: [integers(...axes)],
            yields: [datatype],
          }),
      ),
      { numRuns: 15 },
    ),
  );

  test.each(['ArgMax', 'ArgMin'])('%s', (op) =>
    fc.assert(
      fc.asyncProperty(
        anyShape(1, 4).chain((shape) =>
          fc.tuple(anyBatches('FP32', shape), fc.integer({ min: -shape.length, max: shape.length - 1 })),
        ),
        ([batches, axis]) => expectAgreement({ op, batches, behind: [integer(axis)], yields: ['INT32'] }),
      ),
      runs,
    ),
  );

  test('Cumsum, either way', () =>
    fc.assert(
      fc.asyncProperty(
        anyShape(1, 4).chain((shape) =>
          fc.tuple(anyBatches('FP32', shape), fc.nat(shape.length - 1), fc.boolean(), fc.boolean()),
        ),
        ([batches, axis, exclusive, reverse]) =>
          expectAgreement({
            op: 'Cumsum',
            attr: { exclusive: attribute.flag(exclusive), reverse: attribute.flag(reverse) },
            batches,
            behind: [integer(axis)],
          }),
      ),
      runs,
    ));
});
