import * as v from 'valibot';
import { elementCount, makeTensor } from '../../core/tensor.js';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { readConfig, refused, type SourceLayer } from '../layer-source.js';
import { channelsLast } from '../spatial.js';

const flattenSchema = v.object({ data_format: v.optional(channelsLast) });

export function emitFlatten(graph: GraphBuilder, layer: SourceLayer, input: GraphValue): GraphValue {
  readConfig(layer, flattenSchema);
  const [batch = -1, ...rest] = input.shape;
  if (rest.includes(-1)) throw refused(layer, `the sizes of its input [${input.shape}] are not all known`);
  const size = elementCount(rest);
  const shape = graph.constant(`${layer.name}/shape`, makeTensor('INT32', [2], Int32Array.of(-1, size)));
  const attributes = { T: attribute.type('FP32'), Tshape: attribute.type('INT32') };
  return {
    node: graph.node('Reshape', `${layer.name}/Reshape`, [input.node, shape], attributes),
    shape: [batch, size],
  };
}
