import { type Graph, type GraphNode, nodeOf } from './graph.js';

/** Without `Identity` nodes: each costs a dispatch. One that names an output gives its name to the node before it. */
export function collapseIdentities(graph: Graph): Graph {
  if (graph.nodes.some(({ op, inputs }) => controlFlow.has(op) || inputs.some((input) => input.startsWith('^'))))
    return graph;
  const outputs = new Set(graph.signature.outputs.map(({ name }) => name));
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const source = (input: string): string => {
    const node = byName.get(input);
    return node?.op === 'Identity' && !outputs.has(input) ? source(node.inputs[0] as string) : input;
  };
  const direct = graph.nodes
    .filter(({ op, name }) => op !== 'Identity' || outputs.has(name))
    .map((node) => ({ ...node, inputs: node.inputs.map(source) }));
  return renameOutputs({ ...graph, nodes: direct }, outputs);
}

/** Frames and dead branches follow identities there. */
const controlFlow = new Set(['Switch', 'Merge', 'Enter', 'Exit', 'NextIteration', 'LoopCond']);

function renameOutputs(graph: Graph, outputs: ReadonlySet<string>): Graph {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const renamed = new Map<string, string>();
  for (const { name, op, inputs } of graph.nodes) {
    const [input = ''] = inputs;
    const producer = byName.get(input);
    if (op !== 'Identity' || producer === undefined || producer.op === 'Placeholder' || producer.op === 'Const')
      continue;
    if (!outputs.has(input) && !renamed.has(input)) renamed.set(input, name);
  }
  const current = (input: string): string => {
    const name = renamed.get(nodeOf(input));
    return name === undefined ? input : input.replace(nodeOf(input), name);
  };
  const taken = new Set(renamed.values());
  const nodes = graph.nodes
    .filter(({ name }) => !taken.has(name))
    .map(
      (node): GraphNode => ({ ...node, name: renamed.get(node.name) ?? node.name, inputs: node.inputs.map(current) }),
    );
  return { ...graph, nodes };
}
