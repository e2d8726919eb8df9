import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { type Pool, pool2d } from '../graph/ops/pooling.js';
import { type Dimension, dimension, reshape } from '../graph/ops/shape.js';
import type { Window } from '../graph/ops/window.js';
import { readConfig } from '../keras/read-layer.js';
import type { Emitter } from './emit.js';
import {
  asRow,
  asSlices,
  dataFormat,
  fromRow,
  fromSlices,
  inChannelsLast,
  perAxis,
  rowWindow,
  spatialInput,
  windowsOf,
} from './spatial.js';

/** The greatest or the average element of each window; padding counts for neither. */
const emitPooling = (op: Pool, rank: number): Emitter => {
  const schema = v.object({
    pool_size: perAxis(rank),
    strides: v.nullish(perAxis(rank)),
    padding: v.optional(v.picklist(['valid', 'same']), 'valid'),
    data_format: dataFormat,
  });
  return (graph, call) => {
    const { pool_size, strides, padding, data_format } = readConfig(call.layer, schema);
    const windows = windowsOf(pool_size, strides ?? pool_size);
    const pooled = inChannelsLast(graph, spatialInput(graph, call, rank), data_format, (x) =>
      poolAxes(graph, op, x, windows, padding),
    );
    return [pooled];
  };
};

type Quartet = [Dimension, Dimension, Dimension, Dimension];

function poolAxes(
  graph: GraphBuilder,
  op: Pool,
  x: GraphValue,
  windows: readonly Window[],
  padding: 'valid' | 'same',
): GraphValue {
  const [first = rowWindow, second, third] = windows;
  if (second === undefined) return fromRow(graph, pool2d(graph, op, asRow(graph, x), [rowWindow, first], padding));
  if (third === undefined) return pool2d(graph, op, x, [first, second], padding);
  // The slices of a volume first, then along its depth: TF.js' MaxPool3D on wasm takes no number below 0 for a maximum.
  const slices = fromSlices(graph, pool2d(graph, op, asSlices(graph, x), [second, third], padding), x);
  const [batch, depth, height, width] = [0, 1, 2, 3].map((axis) => dimension(slices, axis)) as Quartet;
  const channels = x.shape[4] as number;
  const columns = reshape(graph, slices, [batch, depth, -1, channels]);
  const pooled = pool2d(graph, op, columns, [first, rowWindow], padding);
  return reshape(graph, pooled, [batch, dimension(pooled, 1), height, width, channels]);
}

export const pooling: Readonly<Record<string, Emitter>> = {
  MaxPooling1D: emitPooling('MaxPool', 1),
  MaxPooling2D: emitPooling('MaxPool', 2),
  MaxPooling3D: emitPooling('MaxPool', 3),
  AveragePooling1D: emitPooling('AvgPool', 1),
  AveragePooling2D: emitPooling('AvgPool', 2),
  AveragePooling3D: emitPooling('AvgPool', 3),
};
