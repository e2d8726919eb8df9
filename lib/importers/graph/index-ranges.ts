import { type Graph, type GraphNode, nodeOf } from './graph.js';

/** Ops that hand numbers on unchanged, rounded at most. */
const passing = new Set(['Identity', 'Cast', 'Reshape', 'ExpandDims', 'Squeeze', 'Transpose', 'Slice', 'StridedSlice']);

/**
 * Inputs whose numbers are places in a table (token ids, categories), with the sizes of the smallest table each looks into:
 * numbers from 0 to below it are what the model takes.
 */
export function indexRanges(graph: Graph): ReadonlyMap<string, number> {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const ranges = new Map<string, number>();
  for (const { op, inputs, attr } of graph.nodes) {
    if (op !== 'GatherV2' && op !== 'ResourceGather' && op !== 'OneHot') continue;
    const [first = '', second = '', third = ''] = inputs;
    const table = graph.constants.get(nodeOf(first));
    const axis = graph.constants.get(nodeOf(third))?.data[0] ?? 0;
    const depth = op === 'OneHot' ? graph.constants.get(nodeOf(second))?.data[0] : table?.shape[axis];
    const input = origin(byName, op === 'OneHot' ? first : second);
    if (input === undefined || depth === undefined || attr.batch_dims?.i === '1') continue;
    ranges.set(input, Math.min(depth, ranges.get(input) ?? Infinity));
  }
  return ranges;
}

/** The model's input that a value comes from unchanged. */
function origin(byName: ReadonlyMap<string, GraphNode>, name: string): string | undefined {
  const node = byName.get(nodeOf(name));
  if (node?.op === 'Placeholder') return node.name;
  return node !== undefined && passing.has(node.op) ? origin(byName, node.inputs[0] ?? '') : undefined;
}
