import * as v from 'valibot';
import { activation } from '../activations.js';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { readConfig, readWeight, refused, type SourceLayer } from '../layer-source.js';
import { channelsLast, outputSize, padding, pair } from '../spatial.js';
import { emitProduct } from './product.js';

const conv2dSchema = v.object({
  strides: pair,
  padding,
  data_format: channelsLast,
  dilation_rate: v.optional(v.tuple([v.literal(1), v.literal(1)], 'only [1, 1] is supported')),
  groups: v.optional(v.literal(1)),
  use_bias: v.boolean(),
  activation,
});

export function emitConv2d(graph: GraphBuilder, layer: SourceLayer, input: GraphValue): GraphValue {
  const config = readConfig(layer, conv2dSchema);
  const kernel = readWeight(layer, 'kernel', 4);
  const [batch = -1, height = -1, width = -1, channels] = input.shape;
  const [kernelHeight = 0, kernelWidth = 0, kernelChannels, filters = 0] = kernel.shape;
  if (input.shape.length !== 4 || channels !== kernelChannels) {
    throw refused(layer, `its input is [${input.shape}], [any, height, width, ${kernelChannels}] is expected`);
  }
  const [down, right] = config.strides;
  const attributes = {
    T: attribute.type('FP32'),
    strides: attribute.ints([1, down, right, 1]),
    dilations: attribute.ints([1, 1, 1, 1]),
    padding: attribute.text(config.padding.toUpperCase()),
    data_format: attribute.text('NHWC'),
  };
  const node = emitProduct(graph, layer, config, {
    op: 'Conv2D',
    fusedOp: '_FusedConv2D',
    attributes,
    inputs: [input.node, graph.constant(`${layer.name}/kernel`, kernel)],
  });
  const rows = outputSize(layer, height, kernelHeight, down, config.padding);
  return { node, shape: [batch, rows, outputSize(layer, width, kernelWidth, right, config.padding), filters] };
}
