import { describeValue, ModeletError } from '../../core/errors.js';
import type { KerasLayer } from '../keras/keras-model.js';

/**
 * A layer's settings, each read with its type. A fallback is Keras' own default, for files older than the setting; without
 * one the field must be there. Null counts as absent, as in Keras.
 */
export interface ConfigReader {
  number(field: string, fallback?: number): number;
  integer(field: string, fallback?: number): number;
  /** A whole number from 1 up. */
  size(field: string, fallback?: number): number;
  flag(field: string, fallback: boolean): boolean;
  choice<const Option extends string>(field: string, options: readonly Option[], fallback?: Option): Option;
  /** A list of whole numbers, of the given length where one is given. */
  integers(field: string, length?: number, fallback?: readonly number[]): readonly number[];
  /** As integers, each at least 1. */
  sizes(field: string, length?: number, fallback?: readonly number[]): readonly number[];
  /** One number or a nested list of them, flattened. */
  numbers(field: string): readonly number[];
  /** One axis or several, as Keras writes either: `-1` or `[1, 2]`. */
  axes(field: string, fallback: readonly number[]): readonly number[];
  has(field: string): boolean;
}

/** @throws ModeletError INVALID_INPUT (from each method) naming layer and field */
export function readConfig(layer: Pick<KerasLayer, 'name' | 'config'>): ConfigReader {
  const read = <Value>(
    field: string,
    accept: (value: unknown) => Value | undefined,
    must: string,
    fallback?: Value,
  ) => {
    const value = Object.hasOwn(layer.config, field) ? (layer.config[field] ?? undefined) : undefined;
    const result = value === undefined ? fallback : accept(value);
    if (result === undefined) throw wrongField(layer.name, field, must, value);
    return result;
  };
  return {
    number: (field, fallback) => read(field, finite, 'a number', fallback),
    integer: (field, fallback) => read(field, whole, 'a whole number', fallback),
    size: (field, fallback) => read(field, positive, 'a whole number from 1 up', fallback),
    flag: (field, fallback) => read(field, (v) => (typeof v === 'boolean' ? v : undefined), 'true or false', fallback),
    choice: (field, options, fallback) =>
      read(field, (v) => options.find((option) => option === v), `one of ${options.join(', ')}`, fallback),
    integers: (field, length, fallback) =>
      read(field, (v) => list(v, whole, length), `a list of ${length ?? 'some'} whole numbers`, fallback),
    sizes: (field, length, fallback) =>
      read(field, (v) => list(v, positive, length), `a list of ${length ?? 'some'} numbers from 1 up`, fallback),
    numbers: (field) => read(field, (v) => list(Array.isArray(v) ? v.flat(Infinity) : [v], finite), 'numbers'),
    axes: (field, fallback) => read(field, (v) => list(Array.isArray(v) ? v : [v], whole), 'an axis or axes', fallback),
    has: (field) => Object.hasOwn(layer.config, field) && (layer.config[field] ?? undefined) !== undefined,
  };
}

/** The error of a setting that isn't what Keras writes there. */
export function wrongField(layerName: string, field: string, must: string, value: unknown): ModeletError {
  const is = typeof value === 'string' ? `'${value.slice(0, 40)}'` : describeValue(value);
  return new ModeletError('INVALID_INPUT', `layer '${layerName}': ${field} is ${is}; it must be ${must}`);
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function whole(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function positive(value: unknown): number | undefined {
  const number = whole(value);
  return number !== undefined && number >= 1 ? number : undefined;
}

function list(value: unknown, accept: (item: unknown) => number | undefined, length?: number): number[] | undefined {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) return undefined;
  const items = value.map(accept);
  return items.every((item) => item !== undefined) ? items : undefined;
}
