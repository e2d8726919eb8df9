import { addActivation, fusedActivation } from '../activations.js';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder } from '../graph-builder.js';
import { readWeight, type SourceLayer } from '../layer-source.js';

interface Product {
  readonly op: string;
  readonly fusedOp: string;
  readonly inputs: readonly string[];
  readonly attributes: Record<string, attribute.Attribute>;
}

/** A convolution or matrix product; bias and the common activations go into one kernel with it. */
export function emitProduct(
  graph: GraphBuilder,
  layer: SourceLayer,
  config: { readonly use_bias: boolean; readonly activation: string },
  { op, fusedOp, inputs, attributes }: Product,
): string {
  if (!config.use_bias) {
    const product = graph.node(op, `${layer.name}/${op}`, inputs, attributes);
    return addActivation(graph, config.activation, layer.name, product);
  }
  const bias = graph.constant(`${layer.name}/bias`, readWeight(layer, 'bias', 1));
  const inside = fusedActivation(config.activation);
  const product = graph.node(fusedOp, `${layer.name}/${op}`, [...inputs, bias], {
    ...attributes,
    num_args: attribute.int(1),
    fused_ops: attribute.texts(['BiasAdd', ...inside]),
    epsilon: attribute.float(0),
  });
  return inside.length > 0 ? product : addActivation(graph, config.activation, layer.name, product);
}
