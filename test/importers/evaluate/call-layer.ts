import { makeTensor } from '../../../lib/core/tensor.js';
import { type NdArray, ndArray } from '../../../lib/importers/evaluate/array.js';
import { evaluateCall } from '../../../lib/importers/evaluate/evaluate.js';
import type { KerasLayer } from '../../../lib/importers/keras/keras-model.js';
import type { Resolved } from '../../../lib/importers/keras/walk.js';

type Nested = number | readonly Nested[];

/** Nested lists of numbers as an array. */
export function nd(numbers: Nested, mask?: NdArray): NdArray {
  const shape: number[] = [];
  for (let level = numbers; typeof level !== 'number'; level = level[0] ?? 0) shape.push(level.length);
  const array = ndArray(shape, Float64Array.from(flatten(numbers)));
  return mask === undefined ? array : { ...array, mask };
}

function flatten(numbers: Nested): number[] {
  return typeof numbers === 'number' ? [numbers] : numbers.flatMap(flatten);
}

export function layerOf(
  className: string,
  config: Record<string, unknown>,
  weights: Record<string, Nested> = {},
  children: Record<string, KerasLayer> = {},
): KerasLayer {
  const tensors = Object.entries(weights).map(([name, numbers]) => {
    const { shape, data } = nd(numbers);
    return [name, makeTensor('FP32', shape, Float32Array.from(data))] as const;
  });
  return { name: 'layer', className, config, weights: new Map(tensors), children: new Map(Object.entries(children)) };
}

export const value = (array: NdArray): Resolved<NdArray> => ({ kind: 'value', value: array });
export const constant = (written: unknown): Resolved<NdArray> => ({ kind: 'constant', value: written });
export const list = (...arrays: NdArray[]): Resolved<NdArray> => ({ kind: 'list', items: arrays.map(value) });

interface Given {
  readonly args: readonly Resolved<NdArray>[];
  readonly kwargs?: Readonly<Record<string, Resolved<NdArray>>>;
  readonly keras?: string;
}

/** Calls a layer as `walk` would; of the newest Keras unless told. */
export function callLayer(layer: KerasLayer, { args, kwargs = {}, keras = '3.15.1' }: Given): readonly NdArray[] {
  const inputs = args.flatMap((argument) => (argument.kind === 'list' ? argument.items : [argument]));
  const values = inputs.flatMap((input) => (input.kind === 'value' ? [input.value] : []));
  return evaluateCall({ layer, args, kwargs, inputs: values, kerasVersion: keras });
}

/** Rounded, so that hand-computed numbers can be written short. */
export function rounded(array: NdArray | undefined, digits = 6): number[] {
  return [...(array?.data ?? [])].map((number) => Number(number.toFixed(digits)) + 0);
}
