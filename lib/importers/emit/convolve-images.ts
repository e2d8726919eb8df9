import { makeTensor, type Tensor } from '../../core/tensor.js';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { expandDims, squeeze, transpose } from '../graph/ops/shape.js';

// TF.js convolves images and volumes with the channels last. Lines (rank 1) become images of one row here.

type Layout = 'channels_last' | 'channels_first';

/** From Keras' layout, after any leading axes (batch, time), to TF.js'. */
export function asImages(graph: GraphBuilder, x: GraphValue, rank: number, layout: Layout): GraphValue {
  const axes = x.shape.map((_, axis) => axis);
  const lead = axes.length - rank - 1;
  const moved = [...axes.slice(0, lead), ...axes.slice(lead + 1), lead];
  const last = layout === 'channels_first' ? transpose(graph, x, moved) : x;
  return rank === 1 ? expandDims(graph, last, lead) : last;
}

/** The inverse. */
export function fromImages(graph: GraphBuilder, x: GraphValue, rank: number, layout: Layout): GraphValue {
  const last = rank === 1 ? squeeze(graph, x, [x.shape.length - 3]) : x;
  if (layout === 'channels_last') return last;
  const axes = last.shape.map((_, axis) => axis);
  const lead = axes.length - rank - 1;
  return transpose(graph, last, [...axes.slice(0, lead), axes.length - 1, ...axes.slice(lead, -1)]);
}

/** [size, in, out] → [1, size, in, out]. */
export function asImageKernel(kernel: Tensor): Tensor {
  return kernel.shape.length > 3 ? kernel : makeTensor('FP32', [1, ...kernel.shape], kernel.data);
}

/** @throws RangeError when the kernel is larger than what it should slide over */
export function convolve(
  graph: GraphBuilder,
  x: GraphValue,
  kernel: GraphValue,
  strides: readonly number[],
  dilations: readonly number[],
  padding: 'valid' | 'same',
): GraphValue {
  const [batch = -1, ...inner] = x.shape;
  const spatial = strides.map((stride, axis) => {
    const size = inner[axis] as number;
    const reach = padding === 'same' ? 0 : ((kernel.shape[axis] as number) - 1) * (dilations[axis] as number);
    if (size !== -1 && size <= reach) throw new RangeError(`a kernel of [${kernel.shape}] is larger than [${x.shape}]`);
    return size === -1 ? -1 : Math.ceil((size - reach) / stride);
  });
  const attributes = {
    strides: attribute.ints([1, ...strides, 1]),
    dilations: attribute.ints([1, ...dilations, 1]),
    padding: attribute.text(padding.toUpperCase()),
    data_format: attribute.text(strides.length === 3 ? 'NDHWC' : 'NHWC'),
  };
  const shape = [batch, ...spatial, kernel.shape.at(-1) as number];
  return graph.node(strides.length === 3 ? 'Conv3D' : 'Conv2D', [x, kernel], attributes, { datatype: 'FP32', shape });
}
