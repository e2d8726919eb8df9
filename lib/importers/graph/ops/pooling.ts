import * as attribute from '../attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { type Border, type Padding, type Window, windowCount } from './window.js';

export type Pool = 'MaxPool' | 'AvgPool';

/** FP32 [n, height, width, c]; SAME leaves its padding out of maxima and averages. */
export function pool2d(
  graph: GraphBuilder,
  op: Pool,
  x: GraphValue,
  windows: readonly [Window, Window],
  padding: Exclude<Padding, 'causal'>,
): GraphValue {
  if (windows.every(({ size, stride }) => size === 1 && stride === 1)) return x;
  const none: Border = [0, 0];
  const sizes = windows.map((window, axis) => {
    const length = x.shape[axis + 1] as number;
    if (padding === 'valid') return windowCount(length, window, none);
    return length === -1 ? -1 : Math.ceil(length / window.stride);
  });
  const attributes = {
    ksize: attribute.ints([1, ...windows.map(({ size }) => size), 1]),
    strides: attribute.ints([1, ...windows.map(({ stride }) => stride), 1]),
    padding: attribute.text(padding.toUpperCase()),
    data_format: attribute.text('NHWC'),
  };
  const shape = [x.shape[0] as number, ...sizes, x.shape[3] as number];
  return graph.node(op, [x], attributes, { datatype: x.datatype, shape });
}
