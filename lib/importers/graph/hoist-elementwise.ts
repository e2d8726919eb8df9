import { makeTensor, type Tensor } from '../../core/tensor.js';
import * as attribute from './attributes.js';
import { type Graph, type GraphNode, nodeOf } from './graph.js';
import { keepsLastAxis } from './keeps-last-axis.js';

const products = new Set(['Conv2D', 'DepthwiseConv2dNative', 'MatMul']);
const affine = new Set(['Mul', 'AddV2', 'Add', 'Sub', 'BiasAdd']);
const activations = new Set(['Relu', 'Relu6']);

/** An elementwise node: the input that it changes, and the constant for each channel (or for all) that it changes it by. */
interface Step {
  readonly input: string;
  readonly constant?: { readonly name: string; readonly tensor: Tensor };
}

/**
 * Puts what is done to each channel before the nodes that only move elements between it and a product, so that the product
 * can take it in: a sequence's convolution runs as an image's, a Dense layer over time as one over rows, a transposed
 * convolution as a plain one, and a batch normalization comes after the way back. Names stay where they are in the chain.
 */
export function hoistElementwise(graph: Graph): Graph {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const constants = new Map(graph.constants);
  const added: GraphNode[] = [];
  const uses = usesOf(graph);
  /** Channels of products, and of what affine steps have made of them. */
  const known = new Map<string, number>();
  for (const { name } of graph.nodes) {
    const node = nodes.get(name) as GraphNode;
    const kernel = products.has(node.op) ? constants.get(node.inputs[1] ?? '') : undefined;
    if (kernel !== undefined) known.set(name, channelsOf(node, kernel));
    const step = stepOf(node, constants);
    if (step === undefined) continue;
    const chain = moversBefore(step, nodes, uses, constants, known);
    const source = chain?.at(-1)?.inputs[0] ?? step.input;
    const channels = known.get(source);
    if (chain === undefined || channels === undefined || uses.get(source) !== 1) continue;
    const width = step.constant?.tensor.data.length ?? 1;
    if (channels % width !== 0) continue;
    const names = [...chain.map((mover) => mover.name).reverse(), name];
    if (affine.has(node.op)) known.set(names[0] as string, channels);
    if (chain.length === 0) continue;
    // A reshape may have taken channels apart: then each part gets the same numbers.
    const wide = step.constant && (width === 1 || width === channels ? undefined : repeated(step.constant, channels));
    if (wide !== undefined && !constants.has(wide.name)) {
      constants.set(wide.name, wide.tensor);
      const attr = { dtype: attribute.type('FP32'), value: attribute.weight('FP32', wide.tensor.shape) };
      added.push({ name: wide.name, op: 'Const', inputs: [], attr });
    }
    const inputs = node.inputs.map((input) =>
      input === step.input ? source : input === step.constant?.name ? (wide?.name ?? input) : input,
    );
    const moved = [{ ...node, inputs }, ...chain.toReversed()];
    moved.forEach((mover, index) => {
      const place = names[index] as string;
      const before = names[index - 1];
      const from = before === undefined ? mover.inputs : [before, ...mover.inputs.slice(1)];
      nodes.set(place, { ...mover, name: place, inputs: from });
    });
  }
  const inPlace = [...added, ...graph.nodes.map(({ name }) => nodes.get(name) as GraphNode)];
  return { ...graph, nodes: constantsFirst(inPlace), constants };
}

/** The nodes from an elementwise one up to a product that just move elements, nearest first; undefined where others use one. */
function moversBefore(
  { input, constant }: Step,
  nodes: ReadonlyMap<string, GraphNode>,
  uses: ReadonlyMap<string, number>,
  constants: Graph['constants'],
  known: ReadonlyMap<string, number>,
): GraphNode[] | undefined {
  const chain: GraphNode[] = [];
  for (let name = input; !known.has(name); name = chain.at(-1)?.inputs[0] ?? '') {
    const mover = nodes.get(name);
    if (mover === undefined || uses.get(name) !== 1) return undefined;
    if (!keepsLastAxis(mover, constant?.tensor.data.length ?? 1, nodes, constants)) return undefined;
    chain.push(mover);
  }
  return chain;
}

function stepOf({ op, inputs }: GraphNode, constants: Graph['constants']): Step | undefined {
  const [left = '', right = ''] = inputs;
  if (activations.has(op)) return { input: left };
  if (!affine.has(op) || inputs.length !== 2) return undefined;
  const name = constants.has(right) ? right : left;
  const tensor = constants.get(name);
  if (tensor === undefined || tensor.shape.length > 1 || tensor.datatype !== 'FP32') return undefined;
  return { input: name === right ? left : right, constant: { name, tensor } };
}

function repeated(
  { name, tensor }: { name: string; tensor: Tensor },
  channels: number,
): { name: string; tensor: Tensor } {
  const { data } = tensor;
  const wide = Float32Array.from({ length: channels }, (_, index) => data[index % data.length] as number);
  return { name: `${name}/${channels}`, tensor: makeTensor('FP32', [channels], wide) };
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

/** So that constants of nodes that have moved to the front come before them. */
function constantsFirst(nodes: readonly GraphNode[]): GraphNode[] {
  return [...nodes.filter(({ op }) => op === 'Const'), ...nodes.filter(({ op }) => op !== 'Const')];
}
