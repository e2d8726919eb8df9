import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { cast } from '../graph/ops/elementwise.js';
import { pad } from '../graph/ops/shape.js';
import { crop } from '../graph/ops/strided-slice.js';
import type { Border } from '../graph/ops/window.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { type EmitCall, type Emitter, onlyInput } from './emit.js';
import { withoutMask } from './identities.js';
import { dataFormat } from './spatial.js';

const border = v.tuple([
  v.pipe(v.number(), v.integer(), v.minValue(0)),
  v.pipe(v.number(), v.integer(), v.minValue(0)),
]);

/** Before and after along each spatial axis; in one dimension the file has the one pair. */
const bordersOf = (rank: number) =>
  rank === 1
    ? v.pipe(
        border,
        v.transform((pair) => [pair]),
      )
    : v.pipe(v.array(border), v.length(rank));

/** Takes elements from the borders of the spatial axes. */
const emitCropping = (rank: number): Emitter => {
  const schema = v.object({ cropping: bordersOf(rank), data_format: dataFormat });
  return (graph, call) => {
    const { cropping, data_format } = readConfig(call.layer, schema);
    return [atBorders(graph, call, cropping, data_format, crop)];
  };
};

/** Puts zeros around the spatial axes. */
const emitZeroPadding = (rank: number): Emitter => {
  const schema = v.object({ padding: bordersOf(rank), data_format: dataFormat });
  return (graph, call) => {
    const { padding, data_format } = readConfig(call.layer, schema);
    return [atBorders(graph, call, padding, data_format, pad)];
  };
};

function atBorders(
  graph: GraphBuilder,
  call: EmitCall,
  borders: readonly Border[],
  format: 'channels_last' | 'channels_first',
  apply: (graph: GraphBuilder, x: GraphValue, borders: readonly Border[]) => GraphValue,
): GraphValue {
  const x = withoutMask(onlyInput(call));
  if (x.shape.length !== borders.length + 2) {
    throw refused(call.layer, `its input is [${x.shape}], where ${borders.length + 2} axes are expected`);
  }
  const none: Border = [0, 0];
  const around = format === 'channels_last' ? [none, ...borders, none] : [none, none, ...borders];
  // TF.js' kernels are sure of FP32 only.
  return cast(graph, apply(graph, cast(graph, x, 'FP32'), around), x.datatype);
}

export const borderLayers: Readonly<Record<string, Emitter>> = {
  Cropping1D: emitCropping(1),
  Cropping2D: emitCropping(2),
  Cropping3D: emitCropping(3),
  ZeroPadding1D: emitZeroPadding(1),
  ZeroPadding2D: emitZeroPadding(2),
  ZeroPadding3D: emitZeroPadding(3),
};
