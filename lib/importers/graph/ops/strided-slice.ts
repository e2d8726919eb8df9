import * as attribute from '../attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { integers, slice } from './shape.js';
import type { Border } from './window.js';

/** Elements of an axis: from `skip` on, without the last `leave`, each `step`th. */
export interface Span {
  readonly skip: number;
  readonly leave: number;
  readonly step: number;
}

export const whole: Span = { skip: 0, leave: 0, step: 1 };

/**
 * Spans of every axis, also of one whose size is known only at a request.
 * @param x FP32 where a step isn't 1: TF.js' wasm kernel writes the bits of other numbers into a float32 result
 */
export function stridedSlice(graph: GraphBuilder, x: GraphValue, spans: readonly Span[]): GraphValue {
  if (spans.every(({ skip, leave, step }) => skip === 0 && leave === 0 && step === 1)) return x;
  const open = spans.reduce((mask, { leave }, axis) => mask + (leave === 0 ? 2 ** axis : 0), 0);
  const bounds = [spans.map(({ skip }) => skip), spans.map(({ leave }) => -leave), spans.map(({ step }) => step)];
  const shape = x.shape.map((size, axis) => {
    const { skip, leave, step } = spans[axis] as Span;
    return size === -1 ? -1 : Math.ceil((size - skip - leave) / step);
  });
  if (shape.includes(0)) throw new RangeError(`nothing is left of [${x.shape}]`);
  const attributes = {
    Index: attribute.type('INT32'),
    begin_mask: attribute.int(0),
    end_mask: attribute.int(open),
    ellipsis_mask: attribute.int(0),
    new_axis_mask: attribute.int(0),
    shrink_axis_mask: attribute.int(0),
  };
  const inputs = [x, ...bounds.map((values) => integers(graph, values))];
  return graph.node('StridedSlice', inputs, attributes, { datatype: x.datatype, shape });
}

/** `x` without what stands at the borders of its axes. @throws RangeError where nothing is left */
export function crop(graph: GraphBuilder, x: GraphValue, borders: readonly Border[]): GraphValue {
  const sizes = x.shape.map((size, axis) => (size === -1 ? -1 : size - sum(borders[axis] as Border)));
  if (sizes.some((size, axis) => size < 1 && x.shape[axis] !== -1))
    throw new RangeError(`nothing is left of [${x.shape}]`);
  if (borders.every((border) => sum(border) === 0)) return x;
  // A slice of size -1 takes all that is left.
  if (x.shape.every((size, axis) => size !== -1 || borders[axis]?.[1] === 0)) {
    return slice(
      graph,
      x,
      borders.map(([before]) => before),
      sizes,
    );
  }
  return stridedSlice(
    graph,
    x,
    borders.map(([skip, leave]) => ({ skip, leave, step: 1 })),
  );
}

function sum([before, after]: Border): number {
  return before + after;
}
