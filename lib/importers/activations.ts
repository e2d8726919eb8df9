import * as v from 'valibot';
import * as attribute from './graph/attributes.js';
import type { GraphBuilder } from './graph-builder.js';

/** Keras' name → the op that computes it. The others have another definition in each Keras, or no op in every backend. */
const opOf: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softplus: 'Softplus',
  softmax: 'Softmax',
};

/** What every backend computes inside the convolution or the product before it. */
const fused = new Set(['relu', 'relu6']);

const names = ['linear', ...Object.keys(opOf)];

/** A layer's `activation`. */
export const activation = v.picklist(names, `only ${names.join(', ')} are supported`);

/** Names of the activation's op for a fused op's `fused_ops`; [] when it has to be a node of its own. */
export function fusedActivation(name: string): string[] {
  return fused.has(name) ? [opOf[name] as string] : [];
}

/** Adds the node for an activation, or nothing for `linear`. @returns the name of the node that yields the result */
export function addActivation(graph: GraphBuilder, name: string, layer: string, input: string): string {
  const op = opOf[name];
  if (op === undefined) return input;
  return graph.node(op, `${layer}/${op}`, [input], { T: attribute.type('FP32') });
}
