import type * as tf from '@tensorflow/tfjs-core';
import * as v from 'valibot';
import { createGraphBuilder, type GraphFiles } from './graph-builder.js';
import { emitters } from './layer-emitters.js';
import { readConfig, readLayers, refused } from './layer-source.js';

/** `batch_shape` is Keras 3's word for it. */
const dimension = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)));
const inputShape = v.pipe(v.array(dimension), v.minLength(2));
const inputSchema = v.union(
  [v.object({ batch_input_shape: inputShape }), v.object({ batch_shape: inputShape })],
  'the first layer must say its input shape (inputShape), so that requests can be checked',
);

/**
 * Turns a Sequential model of TF.js layers into a TF.js graph model whose products carry their bias and activation inside.
 * @param artifacts what tfjs-layers saves, or what TF.js reads from a layers `model.json`
 * @param names the signature's names for the one input and the one output
 * @throws INVALID_INPUT naming the layer that can't be imported, and why
 */
export function layersToGraph(artifacts: tf.io.ModelArtifacts, names: { input: string; output: string }): GraphFiles {
  const layers = readLayers(artifacts);
  const [first] = layers;
  if (first === undefined) throw new RangeError('a Sequential model has at least one layer');
  const config = readConfig(first, inputSchema);
  const shape = 'batch_shape' in config ? config.batch_shape : config.batch_input_shape;
  const graph = createGraphBuilder();
  let value = graph.input(names.input, [-1, ...shape.slice(1).map((size) => size ?? -1)]);
  for (const layer of layers) {
    const emit = Object.hasOwn(emitters, layer.className) ? emitters[layer.className] : undefined;
    if (emit === undefined) throw refused(layer, `only ${Object.keys(emitters).join(', ')} are supported`);
    value = emit(graph, layer, value);
  }
  return graph.finish([{ name: names.output, ...value }]);
}
