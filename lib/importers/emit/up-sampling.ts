import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { type Dimension, dimension, expandDims, multiple, reshape, tile } from '../graph/ops/shape.js';
import { readConfig, refused } from '../keras/read-layer.js';
import type { Emitter } from './emit.js';
import { resample } from './resample.js';
import { dataFormat, inChannelsLast, perAxis, spatialInput } from './spatial.js';

/** Versions that surely interpolate as `tf.image.resize`; older ones did as TensorFlow 1, and 2.2.4-tf as its TensorFlow. */
const centresPixels = /^(2\.([4-9]|1\d)\.|2\.3\.\d+-tf|[3-9]\.)/;

/** Every element `size` times in a row along each spatial axis; in two dimensions also interpolated. */
const emitUpSampling = (rank: number): Emitter => {
  const schema = v.object({
    size: v.optional(perAxis(rank), Array<number>(rank).fill(2)),
    interpolation: v.optional(v.string(), 'nearest'),
    data_format: dataFormat,
  });
  return (graph, call) => {
    const { size, interpolation, data_format } = readConfig(call.layer, schema);
    if (interpolation !== 'nearest' && rank !== 2) throw refused(call.layer, `interpolation '${interpolation}'`);
    if (interpolation === 'bilinear' && !centresPixels.test(call.kerasVersion)) {
      throw refused(
        call.layer,
        `Keras ${call.kerasVersion} did not say from where it interpolates, corners or centres of pixels as today; ` +
          'load it in Keras 2.4 or newer, check that its answers are right, and save it again',
      );
    }
    const larger = inChannelsLast(graph, spatialInput(graph, call, rank), data_format, (x) => {
      if (rank !== 2) return size.reduce((value, times, axis) => repeat(graph, value, axis + 1, times), x);
      const [height, width] = size.map((times, axis) => multiple(dimension(x, axis + 1), times)) as [
        Dimension,
        Dimension,
      ];
      return resample(graph, x, [height, width], interpolation);
    });
    return [larger];
  };
};

/** Every element `times` in a row along an axis. */
function repeat(graph: GraphBuilder, x: GraphValue, axis: number, times: number): GraphValue {
  if (times === 1) return x;
  const apart = expandDims(graph, x, axis + 1);
  const repeated = tile(
    graph,
    apart,
    apart.shape.map((_, index) => (index === axis + 1 ? times : 1)),
  );
  const sizes = x.shape.map((_, index) => multiple(dimension(x, index), index === axis ? times : 1));
  return reshape(graph, repeated, sizes);
}

export const upSampling: Readonly<Record<string, Emitter>> = {
  UpSampling1D: emitUpSampling(1),
  UpSampling2D: emitUpSampling(2),
  UpSampling3D: emitUpSampling(3),
};
