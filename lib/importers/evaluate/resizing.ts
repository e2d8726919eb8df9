import { elementCount } from '../../core/tensor.js';
import { kerasMajor } from '../keras/keras-version.js';
import { type NdArray, ndArray } from './array.js';
import { moveBorders } from './borders.js';
import { channelsLast } from './channels-last.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { type ConfigReader, readConfig } from './read-config.js';
import { type Interpolation, interpolations, resizeWeights } from './resize-weights.js';

/** Layers that change the spatial sizes by interpolation. */
export const resizing: Record<string, LayerFunction> = {
  UpSampling1D: upSampling1D,
  UpSampling2D: upSampling2D,
  UpSampling3D: upSampling3D,
  Resizing: resizingLayer,
  CenterCrop: centerCrop,
  RandomCrop: randomCrop,
};

/** Repeats each step `size` times. */
function upSampling1D(call: EvaluateCall): NdArray[] {
  const { size } = call.layer.config;
  const config = readConfig({ ...call.layer, config: { size: Array.isArray(size) ? size : [size] } });
  const [times = 2] = config.sizes('size', 1, [2]);
  const x = firstInput(call, 3);
  return [stretch(x, [(x.shape[1] ?? 1) * times], 'nearest')];
}

/** Each side `size` times as long, by repetition (nearest) or as tf.image.resize does it. */
function upSampling2D(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const [rows = 2, columns = 2] = config.sizes('size', 2, [2, 2]);
  const method = config.choice('interpolation', interpolations, 'nearest');
  return [
    channelsLast(firstInput(call, 4), config, (x) =>
      stretch(x, [(x.shape[1] ?? 1) * rows, (x.shape[2] ?? 1) * columns], method),
    ),
  ];
}

/** Each side `size` times as long, by repetition. */
function upSampling3D(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const times = config.sizes('size', 3, [2, 2, 2]);
  return [
    channelsLast(firstInput(call, 5), config, (x) =>
      stretch(
        x,
        times.map((factor, axis) => (x.shape[axis + 1] ?? 1) * factor),
        'nearest',
      ),
    ),
  ];
}

/**
 * To `height` × `width` by tf.image.resize. With `crop_to_aspect_ratio` what doesn't fit the new proportions is cut off on both
 * sides before, with `pad_to_aspect_ratio` the missing is filled with `fill_value`.
 */
function resizingLayer(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const method = config.choice('interpolation', interpolations, 'bilinear');
  const [antialias, fill] = [config.flag('antialias', false), config.number('fill_value', 0)];
  config.choice('fill_mode', ['constant'], 'constant');
  return [
    channelsLast(firstInput(call, 4), config, (x) => {
      const size = sizeOf(config);
      if (config.flag('crop_to_aspect_ratio', false))
        return stretch(cropToAspect(call, x, size), size, method, antialias);
      const padded = config.flag('pad_to_aspect_ratio', false) ? padToAspect(call, x, size, fill) : x;
      return stretch(padded, size, method, antialias);
    }),
  ];
}

/** The middle of the image; where the image is smaller, it is cropped to the new proportions and stretched instead. */
function centerCrop(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  return [
    channelsLast(firstInput(call, 4), config, (x) => {
      const size = sizeOf(config);
      const excess = size.map((length, axis) => (x.shape[axis + 1] ?? 1) - length);
      if (excess.some((length) => length < 0)) return stretch(cropToAspect(call, x, size), size, 'bilinear');
      return cut(call, x, size);
    }),
  ];
}

/** At inference Keras 3 hands the image on as it is; Keras 2 crops it to the new proportions and stretches it to the size. */
function randomCrop(call: EvaluateCall): NdArray[] {
  const config = readConfig(call.layer);
  const x = firstInput(call, 4);
  if (kerasMajor(call.kerasVersion) === 3) return [ndArray(x.shape, x.data)];
  return [channelsLast(x, config, (x) => stretch(cropToAspect(call, x, sizeOf(config)), sizeOf(config), 'bilinear'))];
}

function sizeOf(config: ConfigReader): [number, number] {
  return [config.size('height'), config.size('width')];
}

/** The largest part with the proportions of `size`, from the middle. */
function cropToAspect(call: EvaluateCall, x: NdArray, [height, width]: [number, number]): NdArray {
  const [, rows = 1, columns = 1] = x.shape;
  const fitting = (length: number, side: number) => Math.max(Math.min(length, Math.trunc(side)), 1);
  return cut(call, x, [fitting(rows, (columns * height) / width), fitting(columns, (rows * width) / height)]);
}

/** Cuts to these sizes; where an odd number of cells goes, one more from the end. */
function cut(call: EvaluateCall, x: NdArray, sizes: readonly [number, number]): NdArray {
  const pairs = sizes.map((length, axis) => {
    const excess = (x.shape[axis + 1] ?? 1) - length;
    return [-Math.floor(excess / 2), -Math.ceil(excess / 2)];
  });
  return moveBorders(call, x, 1, pairs);
}

/** Keras fills half of what is missing, rounded down, on both sides of the one axis that is too short. */
function padToAspect(call: EvaluateCall, x: NdArray, [height, width]: [number, number], fill: number): NdArray {
  const [, rows = 1, columns = 1] = x.shape;
  const half = (length: number, side: number) => Math.floor(Math.max(Math.trunc(side) - length, 0) / 2);
  const [vertical, horizontal] = [half(rows, (columns * height) / width), half(columns, (rows * width) / height)];
  const shifted = ndArray(
    x.shape,
    x.data.map((value) => value - fill),
  );
  const padded = moveBorders(call, shifted, 1, [
    [vertical, vertical],
    [horizontal, horizontal],
  ]);
  return ndArray(
    padded.shape,
    padded.data.map((value) => value + fill),
  );
}

/** Brings the axes from 1 on to these sizes, one after the other. */
function stretch(x: NdArray, sizes: readonly number[], method: Interpolation, antialias = false): NdArray {
  if (sizes.every((size, i) => size === x.shape[i + 1])) return ndArray(x.shape, x.data);
  return sizes.reduce((result, size, i) => stretchAxis(result, i + 1, size, method, antialias), x);
}

function stretchAxis(x: NdArray, axis: number, to: number, method: Interpolation, antialias: boolean): NdArray {
  const from = x.shape[axis] ?? 1;
  const inner = elementCount(x.shape.slice(axis + 1));
  const result = ndArray(x.shape.with(axis, to));
  const blends = resizeWeights(method, from, to, antialias);
  for (let outer = 0; outer < elementCount(x.shape.slice(0, axis)); outer++) {
    for (const [cell, { start, weights }] of blends.entries()) {
      for (const [i, weight] of weights.entries()) {
        const [source, target] = [(outer * from + start + i) * inner, (outer * to + cell) * inner];
        for (let j = 0; j < inner; j++) {
          result.data[target + j] = (result.data[target + j] ?? 0) + weight * (x.data[source + j] ?? 0);
        }
      }
    }
  }
  return result;
}
