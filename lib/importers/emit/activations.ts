import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { unary } from '../graph/ops/elementwise.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { refused } from '../keras/read-layer.js';

type Activation = (graph: GraphBuilder, x: GraphValue) => GraphValue;

/** Keras' name → its nodes. */
const activations: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['linear', (_graph, x) => x],
  ['relu', (graph, x) => unary(graph, 'Relu', x)],
  ['relu6', (graph, x) => unary(graph, 'Relu6', x)],
  ['sigmoid', (graph, x) => unary(graph, 'Sigmoid', x)],
  ['tanh', (graph, x) => unary(graph, 'Tanh', x)],
  ['softmax', (graph, x) => unary(graph, 'Softmax', x)],
]);

/**
 * Adds an activation's nodes.
 * @param activation its name, or `{ class_name, config }` for one with settings; as in KerasLayer.config
 * @throws INVALID_INPUT when there is no such activation
 */
export function emitActivation(graph: GraphBuilder, activation: unknown, x: GraphValue, layer: KerasLayer): GraphValue {
  const emit = activations.get(activation as string);
  if (emit === undefined) throw refused(layer, `activation '${String(activation)}' is not known`);
  return emit(graph, x);
}
