import * as v from 'valibot';
import { arithmetic } from '../graph/ops/elementwise.js';
import { project } from '../graph/ops/product.js';
import { readConfig, readWeight } from '../keras/read-layer.js';
import { emitActivation } from './activations.js';
import { type Emitter, onlyInput } from './emit.js';

const denseSchema = v.object({ use_bias: v.boolean(), activation: v.unknown() });

/** activation(x · kernel + bias) over the last axis. */
const emitDense: Emitter = (graph, call) => {
  const { layer } = call;
  const config = readConfig(layer, denseSchema);
  const product = project(graph, onlyInput(call), graph.constant(readWeight(layer, 'kernel', 2), 'kernel'));
  const sum = config.use_bias
    ? arithmetic(graph, 'AddV2', product, graph.constant(readWeight(layer, 'bias', 1), 'bias'))
    : product;
  return [emitActivation(graph, config.activation, sum, layer)];
};

export const dense: Readonly<Record<string, Emitter>> = { Dense: emitDense };
