import { type Datatype, elementCount } from '../../core/tensor.js';
import { reduceKinds } from '../../kernels/kinds.js';
import type { Building } from '../building.js';
import { CannotPlan } from '../cannot-plan.js';
import type { Op } from '../op.js';
import { flagOf, type PlanNode } from '../plan-graph.js';
import { countOf, type Value } from '../value.js';
import { refuseLong } from './arithmetic.js';
import { axisOf } from './axes.js';
import type { ReduceKind } from './kinds.js';
import { heldBy, knownReduction } from './known-numbers.js';
import { normalizing } from './layer-norm.js';
import { reshaped } from './reshape.js';
import { permuted, viewed, viewOf } from './view.js';

/** [outer, n, inner]: a tensor around axes that stand side by side. */
interface Middle {
  readonly value: Value;
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** Axes of size 1 don't keep others apart; axes that do stand apart are brought behind all others. */
function middleOf(building: Building, value: Value, axes: readonly number[]): Middle {
  const { shape } = value;
  const wide = axes.filter((axis) => shape[axis] !== 1);
  const [first = 0, last = first] = [wide[0], wide.at(-1)];
  const between = shape.slice(first, last + 1).filter((size, index) => size !== 1 && !wide.includes(first + index));
  if (between.length > 0) {
    const rest = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const turned = viewed(building, value, permuted(viewOf(shape), [...rest, ...axes]));
    const n = elementCount(axes.map((axis) => shape[axis] as number));
    return { value: turned, outer: countOf(value) / n, n, inner: 1 };
  }
  const n = elementCount(wide.map((axis) => shape[axis] as number));
  const outer = elementCount(shape.slice(0, first));
  return { value, outer, n, inner: countOf(value) / n / outer };
}

/** A tensor without `axes`, which became one number. */
export function reduced(
  building: Building,
  value: Value,
  axes: readonly number[],
  kind: ReduceKind,
  keepAxes: boolean,
): Value {
  const { datatype } = value;
  const shape = value.shape.flatMap((size, axis) => (axes.includes(axis) ? (keepAxes ? [1] : []) : [size]));
  const { value: middle, outer, n, inner } = middleOf(building, value, axes);
  if (n === 1) return reshaped(value, shape, building);
  const compute = knownReduction[kind];
  const { known } = middle;
  if (compute !== undefined && known !== undefined) {
    const results = Array.from({ length: outer * inner }, (_, index) => {
      const at = Math.floor(index / inner) * n * inner + (index % inner);
      return Array.from({ length: n }, (_, step) => known[at + step * inner] as number).reduce(compute);
    });
    const held = heldBy(datatype, results);
    if (held !== undefined) return { datatype, shape, known: held };
  }
  const output = building.take(datatype, shape);
  building.call('reduce', reduceKinds.indexOf(kind), building.at(middle), building.at(output), outer, n, inner);
  return output;
}

const axesOf = (node: PlanNode, value: Value, given: Value | undefined): number[] => {
  if (given?.known === undefined) throw new CannotPlan(`${node.op} along computed axes`);
  const axes = given.known.map((axis) => axisOf(axis, value.shape.length));
  return [...new Set(axes)].sort((a, b) => a - b);
};

const reduction = (kinds: Readonly<Partial<Record<Datatype, ReduceKind>>>): Op => ({
  emit: (node, [value, axes], planning) => {
    const kind = value && kinds[value.datatype];
    if (value === undefined || kind === undefined) throw new CannotPlan(`${node.op} of ${value?.datatype}`);
    const result = reduced(planning, value, axesOf(node, value, axes), kind, flagOf(node, 'keep_dims'));
    if (kind === 'intSum' || kind === 'intProduct') refuseLong(node, result);
    return result;
  },
});

const argMost = (least: 0 | 1): Op => ({
  emit: (node, [value, given], planning) => {
    if (value?.datatype !== 'FP32') throw new CannotPlan(`${node.op} of whole numbers`);
    const axis = axisOf(given?.known?.[0], value.shape.length);
    const { outer, n, inner } = middleOf(planning, value, [axis]);
    const output = planning.take('INT32', value.shape.toSpliced(axis, 1));
    planning.call('arg_most', planning.at(value), planning.at(output), outer, n, inner, least);
    return output;
  },
});

const cumulated: Op = {
  emit: (node, [value, given], planning) => {
    if (value?.datatype !== 'FP32') throw new CannotPlan(`${node.op} of whole numbers`);
    const axis = axisOf(given?.known?.[0], value.shape.length);
    const outer = elementCount(value.shape.slice(0, axis));
    const inner = elementCount(value.shape.slice(axis + 1));
    const output = planning.take('FP32', value.shape);
    const flags = [flagOf(node, 'exclusive'), flagOf(node, 'reverse')].map(Number);
    planning.call(
      'cumulate',
      planning.at(value),
      planning.at(output),
      ...[outer, value.shape[axis] as number, inner, ...flags],
    );
    return output;
  },
};

export const reduceOps = {
  Sum: reduction({ FP32: 'sum', INT32: 'intSum' }),
  Mean: normalizing(reduction({ FP32: 'mean' })),
  Max: reduction({ FP32: 'most', INT32: 'intMost' }),
  Min: reduction({ FP32: 'least', INT32: 'intLeast' }),
  Prod: reduction({ FP32: 'product', INT32: 'intProduct' }),
  All: reduction({ BOOL: 'intLeast' }),
  Any: reduction({ BOOL: 'intMost' }),
  ArgMax: argMost(0),
  ArgMin: argMost(1),
  Cumsum: cumulated,
} satisfies Record<string, Op>;
