import * as attribute from '../../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../../graph/graph-builder.js';
import { cast } from '../../graph/ops/elementwise.js';
import { expandDims, integers, squeeze } from '../../graph/ops/shape.js';
import { asTruth } from '../score-masks.js';
import { integerOf, isRecord, type OperationEmitter } from './operation.js';

/** What stands between the brackets for one axis of x. */
interface Range {
  readonly start: number | undefined;
  readonly stop: number | undefined;
  readonly step: number;
}

/** An axis' part; one element of it, after which the axis is gone; an axis of 1 in between; or all axes not mentioned. */
type Item = Range | { readonly index: number } | 'new axis' | 'rest';

/** x[…], whose parts are integers, slices as `{ start, stop, step }`, null for a new axis, and `...`. */
const getItem: OperationEmitter = ({ graph, operand, settingAt }) => {
  const x = operand(0, 'x');
  const given = settingAt(1, 'key', 'slice_spec');
  const items = (Array.isArray(given) ? given : [given]).map(readItem);
  const mentioned = items.filter((item) => typeof item === 'object').length;
  if (mentioned > x.shape.length) throw new RangeError(`${JSON.stringify(given)} has more axes than [${x.shape}]`);
  const whole = Array<Item>(x.shape.length - mentioned).fill({ start: undefined, stop: undefined, step: 1 });
  const full = items.includes('rest')
    ? items.flatMap((item) => (item === 'rest' ? whole : [item]))
    : [...items, ...whole];
  const ranges = full
    .filter((item) => typeof item === 'object')
    .map((item) => ('index' in item ? { start: item.index, stop: item.index + 1 || undefined, step: 1 } : item));
  const taken = strided(graph, x, ranges);
  return shaped(graph, taken, full);
};

function readItem(item: unknown): Item {
  if (item === null) return 'new axis';
  if (item === '...') return 'rest';
  if (typeof item === 'number') return { index: integerOf(item) };
  if (!isRecord(item)) throw new RangeError(`${JSON.stringify(item)} is no part of an axis`);
  const bound = (value: unknown): number | undefined =>
    value === null || value === undefined ? undefined : integerOf(value);
  return { start: bound(item.start), stop: bound(item.stop), step: bound(item.step) ?? 1 };
}

function strided(graph: GraphBuilder, x: GraphValue, ranges: readonly Range[]): GraphValue {
  if (ranges.every(({ start, stop, step }) => start === undefined && stop === undefined && step === 1)) return x;
  const even = ranges.every(({ step }) => step === 1);
  if (!even && x.datatype === 'INT32') throw new RangeError('steps through integers are not supported');
  // TF.js' StridedSlice with steps yields float32 of whatever bits it has on wasm.
  const source = !even && x.datatype === 'BOOL' ? cast(graph, x, 'FP32') : x;
  const bits = (of: (range: Range) => boolean): number =>
    ranges.reduce((mask, range, axis) => (of(range) ? mask | (1 << axis) : mask), 0);
  const attributes = {
    Index: attribute.type('INT32'),
    begin_mask: attribute.int(bits(({ start }) => start === undefined)),
    end_mask: attribute.int(bits(({ stop }) => stop === undefined)),
    ellipsis_mask: attribute.int(0),
    new_axis_mask: attribute.int(0),
    shrink_axis_mask: attribute.int(0),
  };
  const inputs = [
    source,
    integers(
      graph,
      ranges.map(({ start }) => start ?? 0),
    ),
    integers(
      graph,
      ranges.map(({ stop }) => stop ?? 0),
    ),
    integers(
      graph,
      ranges.map(({ step }) => step),
    ),
  ];
  const shape = ranges.map((range, axis) => sizeOfRange(range, x.shape[axis] as number));
  const result = graph.node('StridedSlice', inputs, attributes, { datatype: source.datatype, shape });
  return source.datatype === x.datatype ? result : asTruth(graph, result);
}

/** How many elements a range takes of an axis; -1 where that depends on the request. */
function sizeOfRange({ start, stop, step }: Range, size: number): number {
  const one = start !== undefined && stop === (start + 1 || undefined) && step === 1;
  if (one) return 1;
  if (size === -1) return -1;
  const clamp = (value: number): number => {
    const at = value < 0 ? value + size : value;
    return step > 0 ? Math.min(size, Math.max(0, at)) : Math.min(size - 1, Math.max(-1, at));
  };
  const from = start === undefined ? (step > 0 ? 0 : size - 1) : clamp(start);
  const to = stop === undefined ? (step > 0 ? size : -1) : clamp(stop);
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (count === 0) throw new RangeError(`nothing is left of an axis of ${size}`);
  return count;
}

/** Takes away the axes of single elements, and adds the new ones. */
function shaped(graph: GraphBuilder, x: GraphValue, items: readonly Item[]): GraphValue {
  const kept = items.filter((item): item is Exclude<Item, 'new axis' | 'rest'> => typeof item === 'object');
  const gone = kept.flatMap((item, axis) => ('index' in item ? [axis] : []));
  const narrow = gone.length === 0 ? x : squeeze(graph, x, gone);
  const remaining = items.filter((item) => item === 'new axis' || !(typeof item === 'object' && 'index' in item));
  return remaining.reduce<GraphValue>(
    (value, item, axis) => (item === 'new axis' ? expandDims(graph, value, axis) : value),
    narrow,
  );
}

export const slicingOperations: Readonly<Record<string, OperationEmitter>> = { getitem: getItem };
