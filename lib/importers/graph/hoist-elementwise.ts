import type { Tensor } from '../../core/tensor.js';
import { type Graph, type GraphNode, nodeOf } from './graph.js';

/** Axes of the results of products whose channels are the last axis. */
const productRanks: ReadonlyMap<string, number> = new Map([
  ['Conv2D', 4],
  ['DepthwiseConv2dNative', 4],
  ['MatMul', 2],
]);

const affine = new Set(['Mul', 'AddV2', 'Add', 'Sub', 'BiasAdd']);
const activations = new Set(['Relu', 'Relu6']);

/** What is known of a product's result, or of what affine steps have made of it. */
interface Known {
  readonly channels: number;
  readonly rank: number;
}

/**
 * Puts what is done to each channel before the Squeeze or Reshape that stands between it and a product, so that the product
 * can take it in: a sequence's convolution runs as an image's, and a Dense layer over time as one over rows, and a batch
 * normalization comes after the way back. The two nodes change places, and each takes the other's name.
 */
export function hoistElementwise(graph: Graph): Graph {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const uses = usesOf(graph);
  const known = new Map<string, Known>();
  let moved = false;
  for (const { name } of graph.nodes) {
    const node = nodes.get(name) as GraphNode;
    const rank = productRanks.get(node.op);
    const kernel = graph.constants.get(node.inputs[1] ?? '');
    if (rank !== undefined && kernel !== undefined) known.set(name, { rank, channels: channelsOf(node, kernel) });
    const operand = operandOf(node, graph.constants);
    if (operand === undefined || uses.get(operand.input) !== 1) continue;
    const before = nodes.get(operand.input) as GraphNode;
    const source = before.inputs[0] ?? '';
    const direct = known.get(operand.input);
    const behind = known.get(source);
    if (direct !== undefined && operand.fits(direct.channels)) {
      if (affine.has(node.op)) known.set(name, direct);
    } else if (behind !== undefined && operand.fits(behind.channels) && uses.get(source) === 1) {
      if (!keepsChannels(before, behind, graph.constants)) continue;
      const inputs = node.inputs.map((input) => (input === operand.input ? source : input));
      nodes.set(before.name, { ...node, name: before.name, inputs });
      nodes.set(name, { ...before, name, inputs: [before.name, ...before.inputs.slice(1)] });
      if (affine.has(node.op)) known.set(before.name, behind);
      moved = true;
    }
  }
  return !moved ? graph : { ...graph, nodes: inOrder(graph.nodes.map(({ name }) => nodes.get(name) as GraphNode)) };
}

/** The input that an elementwise node changes, where its other one (if any) is a constant for each channel or for all. */
function operandOf(
  { op, inputs }: GraphNode,
  constants: Graph['constants'],
): { readonly input: string; readonly fits: (channels: number) => boolean } | undefined {
  const [left = '', right = ''] = inputs;
  if (activations.has(op)) return { input: left, fits: () => true };
  if (!affine.has(op) || inputs.length !== 2) return undefined;
  const constant = constants.get(right) ?? constants.get(left);
  if (constant === undefined || constant.shape.length > 1 || constant.datatype !== 'FP32') return undefined;
  const { length } = constant.data;
  return { input: constants.has(right) ? left : right, fits: (channels) => length === 1 || length === channels };
}

/** Whether the last axis is the same before and after. */
function keepsChannels(
  { op, inputs, attr }: GraphNode,
  { channels, rank }: Known,
  constants: Graph['constants'],
): boolean {
  if (op === 'Reshape') return constants.get(inputs[1] ?? '')?.data.at(-1) === channels;
  if (op !== 'Squeeze') return false;
  const dims = (attr.squeeze_dims ?? attr.axis) as { readonly list?: { readonly i?: readonly unknown[] } } | undefined;
  const axes = (dims?.list?.i ?? []).map((axis) => (Number(axis) + rank) % rank);
  return axes.length > 0 && !axes.includes(rank - 1);
}

function channelsOf({ op, attr }: GraphNode, { shape }: Tensor): number {
  const last = shape.at(attr.transpose_b?.b === true ? 0 : -1) as number;
  return op === 'DepthwiseConv2dNative' ? last * (shape.at(-2) as number) : last;
}

/** How many nodes and outputs take what a node yields. */
function usesOf({ nodes, signature }: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const used = [...nodes.flatMap(({ inputs }) => inputs.map(nodeOf)), ...signature.outputs.map(({ name }) => name)];
  for (const name of used) uses.set(name, (uses.get(name) ?? 0) + 1);
  return uses;
}

/** Constants of nodes that have moved to the front come before them again. */
function inOrder(nodes: readonly GraphNode[]): GraphNode[] {
  return [...nodes.filter(({ op }) => op === 'Const'), ...nodes.filter(({ op }) => op !== 'Const')];
}
