import * as v from 'valibot';
import { activation } from '../activations.js';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph-builder.js';
import { readConfig, readWeight, refused, type SourceLayer } from '../layer-source.js';
import { emitProduct } from './product.js';

const denseSchema = v.object({ use_bias: v.boolean(), activation });

export function emitDense(graph: GraphBuilder, layer: SourceLayer, input: GraphValue): GraphValue {
  const config = readConfig(layer, denseSchema);
  const kernel = readWeight(layer, 'kernel', 2);
  const [batch = -1, size] = input.shape;
  if (input.shape.length !== 2 || size !== kernel.shape[0]) {
    throw refused(layer, `its input is [${input.shape}], [any, ${kernel.shape[0]}] is expected`);
  }
  const attributes = {
    T: attribute.type('FP32'),
    transpose_a: attribute.flag(false),
    transpose_b: attribute.flag(false),
  };
  const node = emitProduct(graph, layer, config, {
    op: 'MatMul',
    fusedOp: '_FusedMatMul',
    attributes,
    inputs: [input.node, graph.constant(`${layer.name}/kernel`, kernel)],
  });
  return { node, shape: [batch, kernel.shape[1] as number] };
}
