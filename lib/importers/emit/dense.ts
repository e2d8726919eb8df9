import * as v from 'valibot';
import type { GraphValue } from '../graph/graph-builder.js';
import { arithmetic } from '../graph/ops/elementwise.js';
import { matMul, overLastAxis } from '../graph/ops/product.js';
import { readConfig, readWeight } from '../keras/read-layer.js';
import { emitActivation } from './activations.js';
import { type Emitter, onlyInput } from './emit.js';

const denseSchema = v.object({ use_bias: v.boolean(), activation: v.unknown() });

/** activation(x · kernel + bias) over the last axis. */
const emitDense: Emitter = (graph, call) => {
  const { layer } = call;
  const config = readConfig(layer, denseSchema);
  const kernel = graph.constant(readWeight(layer, 'kernel', 2), 'kernel');
  const bias = config.use_bias ? graph.constant(readWeight(layer, 'bias', 1), 'bias') : undefined;
  const apply = (rows: GraphValue): GraphValue => {
    const product = matMul(graph, rows, kernel);
    const sum = bias === undefined ? product : arithmetic(graph, 'AddV2', product, bias);
    return emitActivation(graph, config.activation, sum, layer);
  };
  return [overLastAxis(graph, onlyInput(call), apply)];
};

export const dense: Readonly<Record<string, Emitter>> = { Dense: emitDense };
