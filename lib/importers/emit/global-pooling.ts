import * as v from 'valibot';
import { arithmetic, cast } from '../graph/ops/elementwise.js';
import { reduce } from '../graph/ops/reduce.js';
import { expandDims } from '../graph/ops/shape.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { masksOf } from './arguments.js';
import type { Emitter } from './emit.js';
import { asTruth, zeroMasked } from './score-masks.js';
import { dataFormat, spatialInput } from './spatial.js';

const schema = v.object({ data_format: dataFormat, keepdims: v.optional(v.boolean(), false) });

/** The greatest or the average element of all spatial axes together; a mask of steps leaves steps out of an average. */
const emitGlobal = (op: 'Max' | 'Mean', rank: number): Emitter => {
  const masked = op === 'Mean' && rank === 1;
  return (graph, call) => {
    const { data_format, keepdims } = readConfig(call.layer, schema);
    const x = spatialInput(graph, call, rank);
    const axes = Array.from({ length: rank }, (_, axis) => axis + (data_format === 'channels_last' ? 1 : 2));
    const mask = masked ? masksOf(call)[0] : undefined;
    if (mask === undefined) return [reduce(graph, op, x, axes, keepdims)];
    if (mask.shape.length !== 2)
      throw refused(call.layer, `its mask is [${mask.shape}], where [batch, time] is expected`);
    const steps = asTruth(graph, expandDims(graph, mask, data_format === 'channels_last' ? 2 : 1));
    const sum = reduce(graph, 'Sum', zeroMasked(graph, x, steps), axes, keepdims);
    const count = reduce(graph, 'Sum', cast(graph, steps, 'FP32'), axes, keepdims);
    return [arithmetic(graph, 'RealDiv', sum, count)];
  };
};

export const globalPooling: Readonly<Record<string, Emitter>> = {
  GlobalMaxPooling1D: emitGlobal('Max', 1),
  GlobalMaxPooling2D: emitGlobal('Max', 2),
  GlobalMaxPooling3D: emitGlobal('Max', 3),
  GlobalAveragePooling1D: emitGlobal('Mean', 1),
  GlobalAveragePooling2D: emitGlobal('Mean', 2),
  GlobalAveragePooling3D: emitGlobal('Mean', 3),
};
