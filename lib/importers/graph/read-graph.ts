import { ModeletError } from '../../core/errors.js';
import type { Tensor } from '../../core/tensor.js';
import * as attribute from './attributes.js';
import { type Graph, type GraphNode, nodeOf } from './graph.js';
import { graphSignature, type NodeDef, type SignatureSource } from './read-signature.js';

/** A TF.js graph model as its `model.json` and weight files say it. */
export interface GraphSource {
  readonly topology: { readonly node: readonly NodeDef[]; readonly library?: unknown };
  /** Weights by node, dequantized. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly signature?: SignatureSource | undefined;
  readonly outputKeys?: readonly string[] | undefined;
}

/**
 * The graph under the names of its signature: each input and output is a node of its public name, as TF.js feeds and fetches.
 * @returns also the outputs whose shape the file does not state
 * @throws INVALID_INPUT for inputs and outputs that can't be served
 */
export function readGraph({ topology, weights, signature: stated, outputKeys }: GraphSource): {
  readonly graph: Graph;
  readonly unstated: ReadonlySet<string>;
} {
  const seen = new Set<string>();
  for (const { name } of topology.node) {
    // TF.js would take the last of them, TensorFlow none.
    if (seen.has(name))
      throw new ModeletError('INVALID_INPUT', `two nodes are called '${name}'; convert the model again`);
    seen.add(name);
  }
  for (const { name, input = [] } of topology.node) {
    const missing = input.map(nodeOf).find((from) => !seen.has(from));
    if (missing === undefined) continue;
    throw new ModeletError(
      'INVALID_INPUT',
      `node '${name}' takes '${missing}', which is not there; convert the model again`,
    );
  }
  const { signature, inputTensors, outputTensors, unstated } = graphSignature(topology.node, stated, outputKeys);
  const wanted = new Map([...inputTensors].map(([name, tensor]) => [nodeOf(tensor), name]));
  const names = renaming(
    topology.node.map(({ name }) => name),
    wanted,
    [...outputTensors].filter(([name, tensor]) => tensor !== `${name}:0` && tensor !== name).map(([name]) => name),
  );
  const rename = (input: string): string => {
    const node = nodeOf(input);
    return input.replace(node, names.get(node) ?? node);
  };
  const nodes = topology.node.map(
    ({ name, op, input, attr }): GraphNode => ({
      name: rename(name),
      op,
      inputs: (input ?? []).map(rename),
      attr: (attr ?? {}) as GraphNode['attr'],
    }),
  );
  const present = new Set(nodes.map(({ name }) => name));
  const outputs = [...outputTensors]
    .filter(([name]) => !present.has(name))
    .map(([name, tensor]): GraphNode => {
      const spec = signature.outputs.find((output) => output.name === name);
      const source = rename(tensor).replace(/:0$/, '');
      return { name, op: 'Identity', inputs: [source], attr: { T: attribute.type(spec?.datatype ?? 'FP32') } };
    });
  const constants = new Map([...weights].map(([name, tensor]) => [rename(name), tensor]));
  const library = topology.library === undefined ? {} : { library: topology.library };
  return { graph: { signature, nodes: [...nodes, ...outputs], constants, ...library }, unstated };
}

/** Old name → new, where inputs take their public names and others make room for the names of outputs. */
function renaming(
  nodes: readonly string[],
  inputs: ReadonlyMap<string, string>,
  outputs: readonly string[],
): ReadonlyMap<string, string> {
  const names = new Map([...inputs].filter(([node, name]) => node !== name));
  const taken = new Set([...nodes, ...inputs.values(), ...outputs]);
  for (const name of new Set([...names.values(), ...outputs])) {
    if (!nodes.includes(name) || names.has(name) || inputs.get(name) === name) continue;
    let free = `${name}_1`;
    for (let count = 2; taken.has(free); count++) free = `${name}_${count}`;
    taken.add(free);
    names.set(name, free);
  }
  return names;
}
