import * as v from 'valibot';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { readConfig, refused, type SourceLayer } from '../layer-source.js';
import { channelsLast, outputSize, padding, pair } from '../spatial.js';

const maxPoolingSchema = v.object({ pool_size: pair, strides: pair, padding, data_format: channelsLast });

export function emitMaxPooling2d(graph: GraphBuilder, layer: SourceLayer, input: GraphValue): GraphValue {
  const { pool_size: pool, strides, padding } = readConfig(layer, maxPoolingSchema);
  const [batch = -1, height = -1, width = -1, channels = -1] = input.shape;
  if (input.shape.length !== 4) throw refused(layer, `its input is [${input.shape}], four dimensions are expected`);
  const node = graph.node('MaxPool', `${layer.name}/MaxPool`, [input.node], {
    T: attribute.type('FP32'),
    ksize: attribute.ints([1, ...pool, 1]),
    strides: attribute.ints([1, ...strides, 1]),
    padding: attribute.text(padding.toUpperCase()),
    data_format: attribute.text('NHWC'),
  });
  const rows = outputSize(layer, height, pool[0], strides[0], padding);
  return { node, shape: [batch, rows, outputSize(layer, width, pool[1], strides[1], padding), channels] };
}
