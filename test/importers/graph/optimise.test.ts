import { describe, expect, test } from '@jest/globals';
import { createRandom } from '../../../lib/core/random.js';
import { elementCount, makeTensor, type Tensor, type Tensors } from '../../../lib/core/tensor.js';
import * as attribute from '../../../lib/importers/graph/attributes.js';
import type { Graph } from '../../../lib/importers/graph/graph.js';
import { createGraphBuilder, type GraphBuilder, type GraphValue } from '../../../lib/importers/graph/graph-builder.js';
import { writeModelJson } from '../../../lib/importers/graph/model-json.js';
import { arithmetic, unary } from '../../../lib/importers/graph/ops/elementwise.js';
import { matMul } from '../../../lib/importers/graph/ops/product.js';
import { optimise } from '../../../lib/importers/graph/optimise.js';
import { differences } from '../../../lib/publishing/differences.js';
import { withDraft } from '../../../lib/publishing/load-draft.js';
import { openEngine } from '../../../lib/runtime/open-engine.js';

const random = createRandom(5);
const tensor = (...shape: number[]): Tensor =>
  makeTensor(
    'FP32',
    shape,
    Float32Array.from({ length: elementCount(shape) }, () => random() - 0.4),
  );

/** A graph of what `emit` adds to its input of this shape. */
function graphOf(shape: number[], emit: (graph: GraphBuilder, x: GraphValue) => GraphValue | GraphValue[]): Graph {
  const graph = createGraphBuilder();
  const outputs = [emit(graph, graph.input({ name: 'x', datatype: 'FP32', shape }))].flat();
  return graph.finish(outputs.map((value, index) => ({ name: `y${index}`, value })));
}

const ops = ({ nodes }: Graph): string[] =>
  nodes.map(({ op }) => op).filter((op) => op !== 'Const' && op !== 'Placeholder');

async function run(graph: Graph, inputs: Tensors): Promise<Tensors> {
  const draft = { files: writeModelJson(graph), signature: graph.signature };
  return withDraft(await openEngine('cpu'), draft, (model) => model.predict(inputs));
}

/** The optimised graph, after it has answered as the plain one does. */
async function optimised(graph: Graph, shape: number[]): Promise<Graph> {
  const result = optimise(graph);
  const inputs = new Map([['x', tensor(...shape)]]);
  for (const { name, relative } of differences(await run(result, inputs), await run(graph, inputs))) {
    expect({ name, close: relative <= 1e-6 }).toEqual({ name, close: true });
  }
  return result;
}

const convolution = (graph: GraphBuilder, x: GraphValue, op: string, kernel: Tensor, channels: number): GraphValue => {
  const [batch = -1, height = -1, width = -1] = x.shape;
  return graph.node(
    op,
    [x, graph.constant(kernel, 'kernel')],
    {
      strides: attribute.ints([1, 1, 1, 1]),
      dilations: attribute.ints([1, 1, 1, 1]),
      padding: attribute.text('SAME'),
      data_format: attribute.text('NHWC'),
    },
    { datatype: 'FP32', shape: [batch, height, width, channels] },
  );
};
const constant = (graph: GraphBuilder, ...shape: number[]) => graph.constant(tensor(...shape), 'c');
const scaled = (graph: GraphBuilder, x: GraphValue, ...shape: number[]) =>
  arithmetic(graph, 'AddV2', arithmetic(graph, 'Mul', x, constant(graph, ...shape)), constant(graph, ...shape));

describe('optimise', () => {
  test('a convolution takes in its bias, a batch normalization and a relu', async () => {
    const graph = graphOf([-1, 5, 4, 3], (graph, x) => {
      const product = convolution(graph, x, 'Conv2D', tensor(3, 3, 3, 6), 6);
      const biased = arithmetic(graph, 'AddV2', product, constant(graph, 6));
      return unary(graph, 'Relu', scaled(graph, biased, 6));
    });
    expect(ops(await optimised(graph, [2, 5, 4, 3]))).toEqual(['_FusedConv2D']);
  });

  test('a depthwise convolution with a multiplier, relu6', async () => {
    const graph = graphOf([-1, 5, 4, 3], (graph, x) =>
      unary(
        graph,
        'Relu6',
        scaled(graph, convolution(graph, x, 'DepthwiseConv2dNative', tensor(3, 3, 3, 2), 6), 1, 1, 1, 6),
      ),
    );
    expect(ops(await optimised(graph, [2, 5, 4, 3]))).toEqual(['FusedDepthwiseConv2dNative']);
  });

  test('matrix products, one after the other; other activations stay nodes', async () => {
    const graph = graphOf([-1, 3], (graph, x) => {
      const hidden = unary(graph, 'Tanh', scaled(graph, matMul(graph, x, constant(graph, 3, 5)), 5));
      return unary(graph, 'Relu', scaled(graph, matMul(graph, hidden, constant(graph, 5, 2)), 1, 2));
    });
    expect(ops(await optimised(graph, [4, 3]))).toEqual(['_FusedMatMul', 'Tanh', '_FusedMatMul']);
  });

  test('x · scale − offset, and a constant that comes first', async () => {
    const graph = graphOf([-1, 3], (graph, x) => {
      const product = matMul(graph, x, constant(graph, 3, 2));
      return arithmetic(graph, 'Sub', arithmetic(graph, 'Mul', constant(graph, 2), product), constant(graph, 2));
    });
    expect(ops(await optimised(graph, [4, 3]))).toEqual(['_FusedMatMul']);
  });

  test.each<
    [string, number[], number[], (graph: GraphBuilder, product: GraphValue) => GraphValue | GraphValue[], string[]]
  >([
    [
      'something else takes the product too',
      [-1, 3],
      [4, 3],
      (graph, product) => [product, unary(graph, 'Relu', scaled(graph, product, 2))],
      ['MatMul', 'Mul', 'AddV2', 'Relu'],
    ],
    [
      'the constant is subtracted from',
      [-1, 3],
      [4, 3],
      (graph, product) => arithmetic(graph, 'Sub', constant(graph, 2), product),
      ['MatMul', 'Sub'],
    ],
    [
      'the constant has a row for each instance',
      [2, 3],
      [2, 3],
      (graph, product) => arithmetic(graph, 'AddV2', product, constant(graph, 2, 1)),
      ['MatMul', 'AddV2'],
    ],
    [
      'the constant adds an axis',
      [-1, 3],
      [4, 3],
      (graph, product) => arithmetic(graph, 'AddV2', product, constant(graph, 1, 1, 2)),
      ['MatMul', 'AddV2'],
    ],
    [
      'a value is added to itself',
      [-1, 3],
      [4, 3],
      (graph, product) => arithmetic(graph, 'AddV2', product, product),
      ['MatMul', 'AddV2'],
    ],
  ])('nothing is folded where %s', async (_, shape, concrete, after, expected) => {
    const graph = graphOf(shape, (graph, x) => after(graph, matMul(graph, x, constant(graph, 3, 2))));
    expect(ops(await optimised(graph, concrete))).toEqual(expected);
  });

  test('a FusedBatchNormV3 with constant statistics is folded as well, with its own epsilon', async () => {
    const graph = graphOf([-1, 4, 4, 2], (graph, x) => {
      const product = convolution(graph, x, 'Conv2D', tensor(3, 3, 2, 3), 3);
      const positive = makeTensor('FP32', [3], Float32Array.of(1e-3, 0.7, 2));
      const statistics = [tensor(3), tensor(3), tensor(3), positive].map((each) => graph.constant(each, 'c'));
      const attributes = { epsilon: attribute.float(1e-3), is_training: attribute.flag(false) };
      return graph.node('FusedBatchNormV3', [product, ...statistics], attributes, {
        datatype: 'FP32',
        shape: product.shape,
      });
    });
    expect(ops(await optimised(graph, [2, 4, 4, 2]))).toEqual(['_FusedConv2D']);
  });

  test('shared weights are folded for one use and stay for the other', async () => {
    const kernel = tensor(3, 3);
    const graph = graphOf([-1, 3], (graph, x) => {
      const shared = graph.constant(kernel, 'kernel');
      const first = scaled(graph, matMul(graph, x, shared), 3);
      return [unary(graph, 'Relu', first), matMul(graph, first, shared)];
    });
    expect(ops(await optimised(graph, [4, 3])).sort()).toEqual(['MatMul', 'Relu', '_FusedMatMul']);
  });

  test('identities go, and outputs keep their names: the same value twice, an input, a constant', async () => {
    const graph = graphOf([-1, 3], (graph, x) => {
      const same = graph.node('Identity', [x], {}, x);
      const y = unary(graph, 'Tanh', graph.node('Identity', [same], {}, x));
      return [y, y, x];
    });
    const result = await optimised(graph, [4, 3]);
    expect(ops(result)).toEqual(['Tanh', 'Identity', 'Identity']);
    expect(result.signature.outputs.map(({ name }) => name)).toEqual(['y0', 'y1', 'y2']);
  });
});

describe('quantized weights', () => {
  test.each(['float16', 'uint8'] as const)('%s: kernels shrink, small tensors and zeros stay exact', async (dtype) => {
    const kernel = tensor(20, 16) as Extract<Tensor, { datatype: 'FP32' }>;
    kernel.data[7] = 0;
    const graph = graphOf([-1, 20], (graph, x) =>
      scaled(graph, matMul(graph, x, graph.constant(kernel, 'kernel')), 16),
    );
    const files = writeModelJson(graph, dtype);
    const model = JSON.parse(Buffer.from(files.get('model.json') ?? []).toString());
    expect(
      model.weightsManifest[0].weights.map(
        ({ quantization }: { quantization?: { dtype: string } }) => quantization?.dtype,
      ),
    ).toEqual([dtype, undefined, undefined]);
    const bytes = { float16: 2, uint8: 1 }[dtype];
    expect(files.get('group1-shard1of1.bin')?.length).toBe(320 * bytes + 32 * 4);
    const signature = {
      inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 20] }],
      outputs: [{ name: 'y0', datatype: 'FP32' as const, shape: [-1, 16] }],
    };
    const eye = makeTensor(
      'FP32',
      [20, 20],
      Float32Array.from({ length: 400 }, (_, index) => Number(index % 21 === 0)),
    );
    const inputs = new Map([['x', eye]]);
    const exact = await run(graph, inputs);
    const coarse = await withDraft(await openEngine('cpu'), { files, signature }, (model) => model.predict(inputs));
    const [found] = differences(coarse, exact);
    expect(found?.absolute).toBeGreaterThan(0);
    expect(found?.absolute).toBeLessThan({ float16: 5e-4, uint8: 2.5e-3 }[dtype]);
    // Row 0, column 7 of the product is the kernel's zero.
    expect(coarse.get('y0')?.data[7]).toBe(exact.get('y0')?.data[7]);
  });

  test('float16 refuses what it has no room for', () => {
    const kernel = makeTensor('FP32', [16, 16], new Float32Array(256).fill(70_000));
    const graph = graphOf([-1, 16], (graph, x) => matMul(graph, x, graph.constant(kernel, 'kernel')));
    expect(() => writeModelJson(graph, 'float16')).toThrow(
      "weight 'kernel' holds numbers over 65504; publish without float16",
    );
  });
});

test('an input that is an output too goes through', async () => {
  const graph = createGraphBuilder();
  const x = graph.input({ name: 'x', datatype: 'FP32', shape: [-1, 3] });
  const { nodes, ...rest } = graph.finish([
    { name: 'y', value: unary(graph, 'Relu', x) },
    { name: 'x', value: x },
  ]);
  expect(nodes.filter(({ name }) => name === 'x')).toHaveLength(1);
  const inputs = new Map([['x', tensor(2, 3)]]);
  const outputs = await run(optimise({ nodes, ...rest }), inputs);
  expect(outputs.get('x')).toEqual(inputs.get('x'));
});
