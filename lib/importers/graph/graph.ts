import type { Signature, Tensor } from '../../core/tensor.js';
import type { Attributes } from './attributes.js';

/** A node of a TensorFlow GraphDef. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes that yield its inputs: `node`, `node:1` for a further output, `^node` for order only. */
  readonly inputs: readonly string[];
  readonly attr: Attributes;
}

/** A TF.js graph model in memory, under work: what emitters make, passes change and `model.json` stores. */
export interface Graph {
  /** Inputs are `Placeholder` nodes of the same name; each output is the first output of the node of its name. */
  readonly signature: Signature;
  /** In topological order where the emitters made them; a source's own order else. */
  readonly nodes: readonly GraphNode[];
  /** The numbers of `Const` nodes, by node; also of those inside library functions. */
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Functions of control flow (`While`, `If`), as the source's GraphDef has them. */
  readonly library?: unknown;
}

/** `node:1` and `^node` → `node`. */
export function nodeOf(input: string): string {
  const name = input.startsWith('^') ? input.slice(1) : input;
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(0, colon);
}

/** Drops the nodes and constants that no output needs; inputs stay. */
export function prune(graph: Graph): Graph {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const needed = new Set<string>();
  const pending = [...graph.signature.outputs, ...graph.signature.inputs].map(({ name }) => name);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    pending.push(...(byName.get(name)?.inputs ?? []).map(nodeOf));
  }
  const nodes = graph.nodes.filter(({ name }) => needed.has(name));
  const dropped = new Set(graph.nodes.filter(({ name }) => !needed.has(name)).map(({ name }) => name));
  return { ...graph, nodes, constants: new Map([...graph.constants].filter(([name]) => !dropped.has(name))) };
}
