import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic } from '../graph/ops/elementwise.js';
import { batchMatMul } from '../graph/ops/product.js';
import { concat, reshape, transpose } from '../graph/ops/shape.js';
import { type Span, stridedSlice, whole } from '../graph/ops/strided-slice.js';
import { windowCount } from '../graph/ops/window.js';
import { readConfig, readWeight, refused } from '../keras/read-layer.js';
import { emitActivation } from './activations.js';
import type { Emitter } from './emit.js';
import { perAxis, perAxisOr1, spatialInput, windowsOf } from './spatial.js';

/**
 * Keras 2's convolution with weights of their own at each place: kernel [places, window · channels, filters], bias
 * [...places, filters]. One matrix product for each place, as a batch of them.
 */
const emitLocallyConnected = (rank: number): Emitter => {
  const schema = v.object({
    kernel_size: perAxis(rank),
    strides: perAxisOr1(rank),
    padding: v.optional(v.literal('valid'), 'valid'),
    implementation: v.optional(v.literal(1), 1),
    data_format: v.optional(v.literal('channels_last'), 'channels_last'),
    use_bias: v.optional(v.boolean(), true),
    activation: v.optional(v.unknown()),
  });
  return (graph, call) => {
    const { layer } = call;
    const config = readConfig(layer, schema);
    const kernel = readWeight(layer, 'kernel', 3);
    const windows = windowsOf(config.kernel_size, config.strides);
    const x = spatialInput(graph, call, rank);
    if (x.shape.slice(1).includes(-1))
      throw refused(layer, 'it has weights for one size of input; set that in the Input');
    const sizes = windows.map((window, axis) => windowCount(x.shape[axis + 1] as number, window, [0, 0]));
    const places = product(sizes);
    const length = product(config.kernel_size) * (x.shape.at(-1) as number);
    if (kernel.shape[0] !== places || kernel.shape[1] !== length) {
      throw refused(layer, `a kernel of shape [${kernel.shape}] doesn't fit ${places} places of ${length} numbers`);
    }
    const rows = reshape(graph, patches(graph, x, config.kernel_size, config.strides), [-1, places, length]);
    const products = batchMatMul(graph, transpose(graph, rows, [1, 0, 2]), graph.constant(kernel, 'kernel'));
    const sums = reshape(graph, transpose(graph, products, [1, 0, 2]), [-1, ...sizes, kernel.shape[2] as number]);
    const bias = config.use_bias ? graph.constant(readWeight(layer, 'bias', rank + 1), 'bias') : undefined;
    const result = bias === undefined ? sums : arithmetic(graph, 'AddV2', sums, bias);
    return [emitActivation(graph, config.activation, result, layer)];
  };
};

/** [n, …sizes, c] → [n, …places, window · c]. */
function patches(graph: GraphBuilder, x: GraphValue, sizes: readonly number[], strides: readonly number[]): GraphValue {
  const offsets = sizes.reduce<number[][]>(
    (before, size) => before.flatMap((offset) => Array.from({ length: size }, (_, index) => [...offset, index])),
    [[]],
  );
  const parts = offsets.map((offset) => {
    const spans = offset.map((skip, axis): Span => {
      return { skip, leave: (sizes[axis] as number) - 1 - skip, step: strides[axis] as number };
    });
    return stridedSlice(graph, x, [whole, ...spans, whole]);
  });
  return concat(graph, parts, -1);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

export const locallyConnected: Readonly<Record<string, Emitter>> = {
  LocallyConnected1D: emitLocallyConnected(1),
  LocallyConnected2D: emitLocallyConnected(2),
};
