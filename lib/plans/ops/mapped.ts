import { type Datatype, elementCount } from '../../core/tensor.js';
import { binaryKinds, unaryKinds } from '../../kernels/kinds.js';
import type { Building } from '../building.js';
import { unclamped } from '../epilogue.js';
import { mostKnown } from '../packing-constants.js';
import { countOf, type Value } from '../value.js';
import { broadcast, mergeAxes } from './axes.js';
import type { BinaryKind, UnaryKind } from './kinds.js';
import { heldBy, knownBinary, knownUnary } from './known-numbers.js';
import { broadcastTo, placesOf, viewOf } from './view.js';

export interface Mapping {
  readonly kind: UnaryKind;
  /** Two numbers that some kinds have, see elementwise.c. */
  readonly parameters?: readonly [alpha: number, beta: number];
  readonly clamp?: readonly [low: number, high: number];
  readonly datatype?: Datatype;
}

/** What a function makes of each number of a tensor. */
export function mapped(
  building: Building,
  value: Value,
  { kind, parameters = [0, 0], clamp = unclamped, datatype = 'FP32' }: Mapping,
): Value {
  const [low, high] = clamp;
  const compute = knownUnary[kind];
  const known = compute && value.known?.map((x) => Math.min(Math.max(compute(x, ...parameters), low), high));
  const held = known && heldBy(datatype, known);
  if (held !== undefined) return { datatype, shape: value.shape, known: held };
  const output = building.take(datatype, value.shape);
  const [from, to] = [building.at(value), building.at(output)];
  building.call('unary', unaryKinds.indexOf(kind), from, to, countOf(value), ...parameters, low, high);
  return output;
}

/** Numbers that `binary` takes axes of. */
const binaryAxes = 5;

/** What a function makes of each pair of numbers of two tensors, repeated where they are smaller. */
export function combined(
  building: Building,
  [a, b]: readonly [Value, Value],
  kind: BinaryKind,
  datatype: Datatype = a.datatype,
  [low, high]: readonly [low: number, high: number] = unclamped,
): Value {
  const shape = broadcast(a.shape, b.shape);
  const views = [a, b].map((value) => broadcastTo(viewOf(value.shape), shape));
  const known = low === unclamped[0] && high === unclamped[1] ? knownPairs(a, b, kind, shape) : undefined;
  const held = known && heldBy(datatype, known);
  if (held !== undefined) return { datatype, shape, known: held };
  const { sizes, strides } = mergeAxes(
    shape,
    views.map((view) => view.strides),
    binaryAxes,
  );
  const output = building.take(datatype, shape);
  building.call(
    'binary',
    ...[binaryKinds.indexOf(kind), building.at(a), building.at(b), building.at(output)],
    ...[sizes, ...strides].map(building.integers),
    ...[low, high],
  );
  return output;
}

function knownPairs(a: Value, b: Value, kind: BinaryKind, shape: readonly number[]): number[] | undefined {
  const compute = knownBinary[kind];
  if (compute === undefined || a.known === undefined || b.known === undefined || elementCount(shape) > mostKnown)
    return undefined;
  const [left, right] = [a, b].map((value) => placesOf(broadcastTo(viewOf(value.shape), shape)));
  return left?.map((place, index) =>
    compute(a.known?.[place] as number, b.known?.[right?.[index] as number] as number),
  );
}

/** A single number that is known. */
export const scalar = (datatype: Datatype, number: number): Value => ({ datatype, shape: [], known: [number] });
