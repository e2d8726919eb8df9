import { describe, expect, test } from '@jest/globals';
import { elementCount, type Tensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../../lib/importers/graph/graph-builder.js';
import { callsOf, expectGraphAgreement, graphOf, integer, integers, tensorOf } from './planned-graph.js';

const FP32 = { datatype: 'FP32', shape: [] } as const;
const INT32 = { datatype: 'INT32', shape: [] } as const;

const sequence = (batch: number, time: number): Tensor => {
  const shape = [batch, time, 3];
  return tensorOf(
    'FP32',
    shape,
    Array.from({ length: elementCount(shape) }, (_, index) => Math.sin(index)),
  );
};
const batches = [[sequence(2, 5)], [sequence(7, 4)], [sequence(1, 9)]];

/** What graphs do with sizes, in words of their own. */
function words(builder: GraphBuilder) {
  const constant = (tensor: Tensor) => builder.constant(tensor, 'constant');
  return {
    constant,
    shapeOf: (x: GraphValue) => builder.node('Shape', [x], { out_type: attribute.type('INT32') }, INT32),
    size: (shape: GraphValue, axis: number) =>
      builder.node(
        'StridedSlice',
        [shape, ...[integers(axis), integers(axis + 1), integers(1)].map(constant)],
        { shrink_axis_mask: attribute.int(1) },
        INT32,
      ),
    pack: (values: readonly GraphValue[]) =>
      builder.node('Pack', values, { axis: attribute.int(0), N: attribute.int(values.length) }, INT32),
    reshape: (x: GraphValue, sizes: GraphValue) => builder.node('Reshape', [x, sizes], {}, FP32),
    pair: (op: string, a: GraphValue, b: GraphValue) => builder.node(op, [a, b], {}, INT32),
  };
}

describe('sizes are computed while a plan is made', () => {
  test('a reshape to the batch and what is left', async () => {
    const graph = graphOf(batches[0] ?? [], (builder, [x]) => {
      const { shapeOf, size, pack, reshape, constant } = words(builder);
      return x === undefined ? [] : [reshape(x, pack([size(shapeOf(x), 0), constant(integer(-1))]))];
    });
    expect(await callsOf(graph, batches[0] ?? [])).toEqual([]);
    await expectGraphAgreement(graph, batches);
  });

  test('sums, products and ends of sizes, gathered and joined', async () => {
    const graph = graphOf(batches[0] ?? [], (builder, [x]) => {
      if (x === undefined) return [];
      const { shapeOf, size, reshape, constant, pair } = words(builder);
      const shape = shapeOf(x);
      const both = builder.node('GatherV2', [shape, constant(integers(0, 1)), constant(integer(0))], {}, INT32);
      const rows = builder.node('Prod', [both, constant(integers(0))], { keep_dims: attribute.flag(true) }, INT32);
      const features = builder.node('ExpandDims', [size(shape, 2), constant(integer(0))], {}, INT32);
      const wide = pair('FloorDiv', pair('Mul', features, constant(integers(4))), constant(integers(4)));
      const least = pair('Maximum', pair('Minimum', wide, constant(integers(3))), constant(integers(1)));
      const sizes = builder.node('ConcatV2', [rows, least, constant(integer(0))], { N: attribute.int(2) }, INT32);
      return [reshape(x, sizes)];
    });
    expect(await callsOf(graph, batches[0] ?? [])).toEqual([]);
    await expectGraphAgreement(graph, batches);
  });

  test('zeros of the batch in front of a sequence, and a number for each step behind it', async () => {
    const graph = graphOf(batches[0] ?? [], (builder, [x]) => {
      if (x === undefined) return [];
      const { shapeOf, size, pack, constant, pair } = words(builder);
      const shape = shapeOf(x);
      const sizes = pack([size(shape, 0), constant(integer(2)), size(shape, 2)]);
      const zeros = builder.node(
        'Fill',
        [sizes, constant(tensorOf('FP32', [], [0.5]))],
        { T: attribute.type('FP32') },
        FP32,
      );
      const joined = builder.node('ConcatV2', [zeros, x, constant(integer(1))], { N: attribute.int(2) }, FP32);
      const steps = builder.node(
        'Range',
        [constant(integer(0)), pair('AddV2', size(shape, 1), constant(integer(2))), constant(integer(1))],
        { Tidx: attribute.type('INT32') },
        INT32,
      );
      const numbers = builder.node(
        'Cast',
        [builder.node('ExpandDims', [steps, constant(integer(-1))], {}, INT32)],
        { SrcT: attribute.type('INT32'), DstT: attribute.type('FP32') },
        FP32,
      );
      const ones = builder.node('OnesLike', [joined], {}, FP32);
      return [builder.node('AddV2', [builder.node('Mul', [ones, numbers], {}, FP32), joined], {}, FP32)];
    });
    await expectGraphAgreement(graph, batches);
  });

  test('computed sizes are left to TF.js', async () => {
    const graph = graphOf([integers(1, 2)], (builder, [x]) => {
      const { constant } = words(builder);
      return x === undefined ? [] : [builder.node('Fill', [x, constant(tensorOf('FP32', [], [1]))], {}, FP32)];
    });
    await expect(callsOf(graph, [integers(1, 2)])).rejects.toThrow('Fill of computed sizes');
  });
});
