import { describeValue, ModeletError } from '../../core/errors.js';
import type { Resolved } from '../keras/walk.js';
import { type NdArray, ndArray } from './array.js';
import type { EvaluateCall } from './evaluate.js';

/**
 * What a function is given. Keras 3 writes tensors (and constants in their place) as arguments and the rest as settings of the
 * operation; Keras 2 all but the first by TensorFlow's names for them.
 */
export interface OperationArguments {
  readonly layerName: string;
  readonly kerasVersion: string;
  /** An array, or a constant as one. `names` are those of Keras 3 and of TensorFlow. */
  array(position: number, ...names: string[]): NdArray;
  /** Several arrays: a list, or one after the other. */
  arrays(position: number, ...names: string[]): readonly NdArray[];
  number(fallback: number | undefined, ...names: string[]): number;
  /** Whole numbers: one is a list of one. Computed ones (of tf.shape) too. Undefined where there are none. */
  integers(...names: string[]): readonly number[] | undefined;
  integer(fallback: number | undefined, ...names: string[]): number;
  text(fallback: string | undefined, ...names: string[]): string;
  flag(fallback: boolean, ...names: string[]): boolean;
  /** Null counts as absent. */
  has(...names: string[]): boolean;
  /** What a name or a position is given, whatever it is. */
  plain(position: number, ...names: string[]): unknown;
  wrong(what: string, must: string, value: unknown): ModeletError;
}

export function readArguments({ layer, args, kwargs, kerasVersion }: EvaluateCall): OperationArguments {
  const layerName = layer.name;
  const wrong = (what: string, must: string, value: unknown) =>
    new ModeletError('INVALID_INPUT', `layer '${layerName}': ${what} is ${describeValue(value)}; it must be ${must}`);
  const find = (position: number, names: readonly string[]): Resolved<NdArray> | undefined => {
    const named = names.find((name) => Object.hasOwn(kwargs, name));
    const found = named === undefined ? args[position] : kwargs[named];
    if (found !== undefined && !(found.kind === 'constant' && found.value === null)) return found;
    const setting = names.find((name) => Object.hasOwn(layer.config, name) && (layer.config[name] ?? null) !== null);
    return setting === undefined ? undefined : { kind: 'constant', value: layer.config[setting] };
  };
  // A setting's place among the arguments isn't known here: by name only.
  const named = (names: readonly string[]) => find(Number.POSITIVE_INFINITY, names);
  const toArray = (argument: Resolved<NdArray> | undefined, what: string): NdArray => {
    if (argument?.kind === 'value') return argument.value;
    if (argument?.kind === 'list')
      return stackScalars(
        argument.items.map((item) => toArray(item, what)),
        what,
      );
    return fromConstant(argument?.value, () => wrong(what, 'numbers', argument?.value));
  };
  const stackScalars = (items: readonly NdArray[], what: string): NdArray => {
    if (items.some(({ shape }) => shape.length > 0)) throw wrong(what, 'one array', items);
    return ndArray(
      [items.length],
      Float64Array.from(items, ({ data }) => data[0] ?? 0),
    );
  };
  const single = <Value>(names: readonly string[], fallback: Value | undefined, accept: (v: unknown) => v is Value) => {
    const argument = named(names);
    if (argument === undefined && fallback !== undefined) return fallback;
    const scalar = argument?.kind === 'value' && argument.value.shape.length === 0 ? argument.value.data[0] : undefined;
    const value = argument?.kind === 'constant' ? argument.value : scalar;
    if (accept(value)) return value;
    throw wrong(names[0] ?? 'an argument', 'given as Keras writes it', value);
  };
  const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);
  const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
  return {
    layerName,
    kerasVersion,
    wrong,
    array: (position, ...names) => toArray(find(position, names), names[0] ?? 'an argument'),
    arrays: (position, ...names) => {
      const argument = find(position, names);
      if (argument?.kind !== 'list') return [toArray(argument, names[0] ?? 'an argument')];
      return argument.items.map((item) => toArray(item, names[0] ?? 'an argument'));
    },
    number: (fallback, ...names) => single(names, fallback, isNumber),
    integer: (fallback, ...names) => single(names, fallback, isWhole),
    text: (fallback, ...names) => single(names, fallback, (value): value is string => typeof value === 'string'),
    flag: (fallback, ...names) => single(names, fallback, (value): value is boolean => typeof value === 'boolean'),
    integers: (...names) => {
      const argument = named(names);
      if (argument === undefined) return undefined;
      const { shape, data } = toArray(argument, names[0] ?? 'an argument');
      if (shape.length > 1 || !data.every(Number.isSafeInteger)) throw wrong(names[0] ?? '', 'whole numbers', data);
      return [...data];
    },
    has: (...names) => named(names) !== undefined,
    plain: (position, ...names) => {
      const argument = find(position, names);
      return argument?.kind === 'constant' ? argument.value : argument;
    },
  };
}

/** Nested lists of numbers, or one, as an array; true is 1. */
function fromConstant(value: unknown, wrong: () => ModeletError): NdArray {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  const data = (Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value]).map((item) =>
    typeof item === 'boolean' ? Number(item) : item,
  );
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count || !data.every((item) => typeof item === 'number')) throw wrong();
  return ndArray(shape, Float64Array.from(data));
}
