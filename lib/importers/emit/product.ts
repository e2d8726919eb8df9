import { makeTensor, type Tensor } from '../../core/tensor.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic } from '../graph/ops/elementwise.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { readWeight, refused } from '../keras/read-layer.js';
import { emitActivation } from './activations.js';
import { derivedWeight } from './derived-weight.js';
import type { EmitCall } from './emit.js';
import { inChannelsLast, spatialInput } from './spatial.js';

/** A product in the form in which bias and activation can be fused with it. */
export interface Product {
  readonly value: GraphValue;
  /** From there to [n, …spatial, channels]. */
  readonly restore: (value: GraphValue) => GraphValue;
  /** How often the filters stand side by side in its channels; once unless told. */
  readonly copies?: number;
}

interface Settings {
  readonly data_format: 'channels_last' | 'channels_first';
  readonly use_bias: boolean;
  readonly activation?: unknown;
}

/** Activations that look along an axis, which must be the layer's own when they are applied. */
const alongAxis = new Set(['softmax', 'log_softmax', 'glu']);

/** A layer of `rank` spatial axes: activation(product + bias), in either data format. */
export function emitProduct(
  graph: GraphBuilder,
  call: EmitCall,
  rank: number,
  { data_format, use_bias, activation }: Settings,
  multiply: (x: GraphValue) => Product,
): GraphValue {
  const { layer } = call;
  const inside = typeof activation === 'string' && !alongAxis.has(activation);
  const result = inChannelsLast(graph, spatialInput(graph, call, rank), data_format, (x) => {
    const { value, restore, copies = 1 } = multiply(x);
    const sum = use_bias ? addBias(graph, layer, value, copies) : value;
    return restore(inside ? emitActivation(graph, activation, sum, layer) : sum);
  });
  return inside ? result : emitActivation(graph, activation, result, layer);
}

function addBias(graph: GraphBuilder, layer: KerasLayer, product: GraphValue, copies: number): GraphValue {
  const bias = readWeight(layer, 'bias', 1);
  const channels = product.shape.at(-1) as number;
  if (bias.data.length * copies !== channels) {
    throw refused(layer, `its bias has ${bias.data.length} numbers for ${channels / copies} filters`);
  }
  const repeated = ({ data }: Tensor): Tensor =>
    makeTensor(
      'FP32',
      [channels],
      Float32Array.from({ length: channels }, (_, index) => data[index % data.length] as number),
    );
  const wide = copies === 1 ? bias : derivedWeight(bias, `${copies} copies`, repeated);
  return arithmetic(graph, 'AddV2', product, graph.constant(wide, 'bias'));
}

/** A weight [...kernel_size, ·, ·]. @throws INVALID_INPUT for another shape than the settings tell */
export function readKernel(layer: KerasLayer, name: string, sizes: readonly number[]): Tensor {
  const kernel = readWeight(layer, name, sizes.length + 2);
  if (sizes.some((size, axis) => size !== kernel.shape[axis])) {
    throw refused(layer, `its weight '${name}' is [${kernel.shape}], and its kernel_size [${sizes}]`);
  }
  return kernel;
}
