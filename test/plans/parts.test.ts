import { beforeAll, describe, expect, test } from '@jest/globals';
import { elementCount, makeTensor, type Tensor } from '../../lib/core/tensor.js';
import type * as attribute from '../../lib/importers/graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../../lib/importers/graph/graph-builder.js';
import { topologyOf } from '../../lib/importers/graph/model-json.js';
import { createKernels, type Kernels } from '../../lib/kernels/kernels.js';
import { packingConstants } from '../../lib/plans/packing-constants.js';
import { planFor } from '../../lib/plans/planner.js';
import { readPlanGraph } from '../../lib/plans/read-plan-graph.js';
import { createReplay } from '../../lib/plans/replay.js';
import { graphOf, integers, tensorOf } from './planned-graph.js';
import { attributesOf, plain } from './windows.js';

const numbers = (...shape: number[]): Tensor =>
  tensorOf(
    'FP32',
    shape,
    Array.from({ length: elementCount(shape) }, (_, index) => Math.sin(index * index)),
  );

type Node = (op: string, inputs: readonly GraphValue[], attr?: attribute.Attributes) => GraphValue;
type Ending = (x: GraphValue, node: Node, builder: GraphBuilder) => GraphValue;

const [batch, side, channels] = [12, 48, 16];
const row = side * side * channels;

let kernels: Kernels;
beforeAll(async () => {
  kernels = await createKernels();
});

/** Two convolutions of images of which twelve are more than a cache holds, and something behind them. */
function opened(ending: Ending) {
  const graph = graphOf([numbers(1, side, side, channels)], (builder, [x]) => {
    const node: Node = (op, inputs, attr = {}) => builder.node(op, inputs, attr, { datatype: 'FP32', shape: [] });
    const kernel = builder.constant(numbers(3, 3, channels, channels), 'kernel');
    const first = node('Relu', [node('Conv2D', [x as GraphValue, kernel], attributesOf(plain))]);
    const second = node('Conv2D', [first, kernel], attributesOf(plain));
    return [ending(node('AddV2', [first, second]), node, builder)];
  });
  const read = readPlanGraph({ modelTopology: topologyOf(graph) }, graph.signature);
  const constants = packingConstants(kernels, graph.constants);
  const replay = createReplay(kernels);
  const planned = (images: number) => planFor(read, constants, new Map([['x0', [images, side, side, channels]]]));
  const run = (images: Tensor): Tensor =>
    replay.run(planned(images.shape[0] as number), new Map([['x0', images]]))[0] as Tensor;
  /** Each part writes the borders of two images, the convolutions' inputs. */
  const parts = (): number => planned(batch).calls.filter(({ kernel }) => kernel === 'border').length / 2;
  return { parts, run };
}

const pool: Ending = (x, node, builder) => node('Mean', [x, builder.constant(integers(1, 2), 'axes')]);
const reshaped =
  (...shape: number[]): Ending =>
  (x, node, builder) =>
    node('Reshape', [pool(x, node, builder), builder.constant(integers(...shape), 'shape')]);

describe('a batch that no cache holds', () => {
  test.each<[string, Ending]>([
    ['the images themselves', (x, node) => node('Tanh', [x])],
    ['their means', pool],
    ['rows of other shapes', reshaped(-1, 4, channels / 4)],
    [
      'a dense layer and a softmax',
      (x, node, builder) => {
        const weights = builder.constant(numbers(channels, 5), 'dense');
        return node('Softmax', [node('MatMul', [pool(x, node, builder), weights])]);
      },
    ],
  ])('is computed in parts, and each row as if alone: %s', (_, ending) => {
    const { parts, run } = opened(ending);
    expect(parts()).toBe(2);
    const images = numbers(batch, side, side, channels);
    const together = run(images);
    expect(together.shape[0]).toBe(batch);
    for (const index of [0, 5, 6, 11]) {
      const image = images.data.slice(index * row, (index + 1) * row) as Float32Array;
      const single = run(makeTensor('FP32', [1, side, side, channels], image));
      const size = single.data.length;
      expect(
        together.data.slice(index * size, (index + 1) * size).every((number, at) => number === single.data[at]),
      ).toBe(true);
    }
  });

  test.each<[string, Ending]>([
    ['a mean over the batch', (x, node, builder) => node('Mean', [x, builder.constant(integers(0), 'axes')])],
    ['the same, counted from the end', (x, node, builder) => node('Mean', [x, builder.constant(integers(-4), 'axes')])],
    ['rows put together', reshaped(-1, 2 * channels)],
    ['a size of its own', reshaped(batch, channels)],
    ['one row for all', reshaped(1, -1)],
    [
      'another number for each row',
      (x, node, builder) => node('Mul', [pool(x, node, builder), builder.constant(numbers(batch, 1), 'each')]),
    ],
    [
      'one of the batch as channels',
      (x, node, builder) => node('Transpose', [pool(x, node, builder), builder.constant(integers(1, 0), 'axes')]),
    ],
  ])('is computed at once where rows meet: %s', (_, ending) => {
    const { parts, run } = opened(ending);
    expect(parts()).toBe(1);
    expect(run(numbers(batch, side, side, channels)).data.every(Number.isFinite)).toBe(true);
  });
});
