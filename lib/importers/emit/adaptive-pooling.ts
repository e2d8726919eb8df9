import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { reduce } from '../graph/ops/reduce.js';
import { concat, slice } from '../graph/ops/shape.js';
import { readConfig, refused } from '../keras/read-layer.js';
import type { Emitter } from './emit.js';
import { dataFormat, perAxis, spatialInput } from './spatial.js';

/**
 * Pools to a size that is given: output i of n takes in elements from floor(i · size / n) to before ceil((i + 1) · size / n).
 * One axis after the other, which is the same for a greatest element and for an average of windows of one size each.
 */
const emitAdaptive = (op: 'Max' | 'Mean', rank: number): Emitter => {
  const schema = v.object({ output_size: perAxis(rank), data_format: dataFormat });
  return (graph, call) => {
    const { output_size, data_format } = readConfig(call.layer, schema);
    const first = data_format === 'channels_last' ? 1 : 2;
    const pooled = output_size.reduce(
      (x, windows, index) => {
        const axis = first + index;
        if (x.shape[axis] === -1)
          throw refused(call.layer, 'its windows follow from the size of its input; set that in the Input');
        return adapt(graph, op, x, axis, windows);
      },
      spatialInput(graph, call, rank),
    );
    return [pooled];
  };
};

function adapt(graph: GraphBuilder, op: 'Max' | 'Mean', x: GraphValue, axis: number, windows: number): GraphValue {
  const size = x.shape[axis] as number;
  if (windows === size) return x;
  const parts = Array.from({ length: windows }, (_, window) => {
    const begin = Math.floor((window * size) / windows);
    const end = Math.ceil(((window + 1) * size) / windows);
    const from = x.shape.map((_, index) => (index === axis ? begin : 0));
    const lengths = x.shape.map((_, index) => (index === axis ? end - begin : -1));
    return reduce(graph, op, slice(graph, x, from, lengths), [axis], true);
  });
  return concat(graph, parts, axis);
}

export const adaptivePooling: Readonly<Record<string, Emitter>> = {
  AdaptiveMaxPooling1D: emitAdaptive('Max', 1),
  AdaptiveMaxPooling2D: emitAdaptive('Max', 2),
  AdaptiveMaxPooling3D: emitAdaptive('Max', 3),
  AdaptiveAveragePooling1D: emitAdaptive('Mean', 1),
  AdaptiveAveragePooling2D: emitAdaptive('Mean', 2),
  AdaptiveAveragePooling3D: emitAdaptive('Mean', 3),
};
