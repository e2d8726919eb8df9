import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { pad } from '../graph/ops/shape.js';
import { crop } from '../graph/ops/strided-slice.js';
import type { Border } from '../graph/ops/window.js';
import { kerasMajor } from '../keras/keras-version.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { type Emitter, onlyInput } from './emit.js';
import { resample } from './resample.js';
import { dataFormat, inChannelsLast, spatialInput } from './spatial.js';

const length = v.pipe(v.number(), v.integer(), v.minValue(1));
type Size = readonly [height: number, width: number];

const resizingSchema = v.object({
  height: length,
  width: length,
  interpolation: v.optional(v.string(), 'bilinear'),
  crop_to_aspect_ratio: v.optional(v.boolean(), false),
  pad_to_aspect_ratio: v.optional(v.boolean(), false),
  fill_mode: v.optional(v.literal('constant'), 'constant'),
  fill_value: v.optional(v.number(), 0),
  antialias: v.optional(v.boolean(), false),
  data_format: v.nullish(dataFormat, 'channels_last'),
});

/** Images of another size, perhaps cropped or padded to its aspect ratio first. */
const emitResizing: Emitter = (graph, call) => {
  const config = readConfig(call.layer, resizingSchema);
  const interpolation = config.interpolation.toLowerCase();
  if (onlyInput(call).datatype === 'INT32' && interpolation !== 'nearest' && kerasMajor(call.kerasVersion) === 3) {
    throw refused(call.layer, 'Keras rounds what it makes of whole numbers; give the model an input of float32');
  }
  const target: Size = [config.height, config.width];
  const resized = inChannelsLast(graph, spatialInput(graph, call, 2), config.data_format, (x) => {
    const shaped = config.crop_to_aspect_ratio
      ? cropToRatio(graph, x, target)
      : config.pad_to_aspect_ratio
        ? padToRatio(graph, x, target, config.fill_value)
        : x;
    return resample(graph, shaped, target, interpolation, config.antialias);
  });
  return [resized];
};

const cropSchema = v.object({ height: length, width: length, data_format: v.nullish(dataFormat, 'channels_last') });

/** The middle of an image; of one that is smaller, the largest part of that aspect ratio, enlarged. */
const emitCenterCrop: Emitter = (graph, call) => {
  const { height, width, data_format } = readConfig(call.layer, cropSchema);
  const cropped = inChannelsLast(graph, spatialInput(graph, call, 2), data_format, (x) => {
    const [rows, columns] = knownSize(x);
    if (rows >= height && columns >= width) return middle(graph, x, [height, width]);
    return resample(graph, cropToRatio(graph, x, [height, width]), [height, width], 'bilinear');
  });
  return [cropped];
};

/** @throws RangeError unless it is known before a request */
function knownSize({ shape }: GraphValue): Size {
  const [, rows = -1, columns = -1] = shape;
  if (rows === -1 || columns === -1) throw new RangeError('it needs images of one known size; set it in the Input');
  return [rows, columns];
}

function middle(graph: GraphBuilder, x: GraphValue, size: Size): GraphValue {
  const borders = knownSize(x).map((whole, axis): Border => {
    const before = Math.floor((whole - (size[axis] as number)) / 2);
    return [before, whole - (size[axis] as number) - before];
  });
  return crop(graph, x, [[0, 0], ...borders, [0, 0]]);
}

/** Keras' `smart_resize` before it resizes: the largest middle part with the target's aspect ratio. */
function cropToRatio(graph: GraphBuilder, x: GraphValue, [height, width]: Size): GraphValue {
  const [rows, columns] = knownSize(x);
  const cropped: Size = [
    Math.max(1, Math.min(rows, scaled(columns, height, width))),
    Math.max(1, Math.min(columns, scaled(rows, width, height))),
  ];
  return middle(graph, x, cropped);
}

/** The same amount before and behind, so that an odd difference stays one short: as Keras pads. */
function padToRatio(graph: GraphBuilder, x: GraphValue, [height, width]: Size, value: number): GraphValue {
  const [rows, columns] = knownSize(x);
  const above = Math.floor(Math.max(0, scaled(columns, height, width) - rows) / 2);
  const beside = Math.floor(Math.max(0, scaled(rows, width, height) - columns) / 2);
  return pad(
    graph,
    x,
    [
      [0, 0],
      [above, above],
      [beside, beside],
      [0, 0],
    ],
    value,
  );
}

/** length · numerator / denominator without its fraction, in float32 as Keras computes it. */
function scaled(of: number, numerator: number, denominator: number): number {
  return Math.trunc(Math.fround(Math.fround(of * numerator) / denominator));
}

export const resizing: Readonly<Record<string, Emitter>> = { Resizing: emitResizing, CenterCrop: emitCenterCrop };
