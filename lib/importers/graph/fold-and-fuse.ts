import { makeTensor, type Tensor } from '../../core/tensor.js';
import * as attribute from './attributes.js';
import { type Graph, type GraphNode, nodeOf } from './graph.js';

/** A product with constant weights → the op that takes its bias and activation in. */
const fusedOps: ReadonlyMap<string, string> = new Map([
  ['Conv2D', '_FusedConv2D'],
  ['DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative'],
  ['MatMul', '_FusedMatMul'],
]);

/** What every backend's fused kernels compute exactly as the op alone. */
const fusedActivations = new Set(['Relu', 'Relu6']);

/** y = product · scale + offset, for each channel. */
interface Affine {
  readonly scale: Float64Array;
  readonly offset: Float64Array;
}

/**
 * Scales and offsets for each channel after a convolution or matrix product go into its weights and its bias, and an
 * activation after them into its kernel. Weights are scaled in float64 and rounded once.
 */
export function foldAndFuse(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const onlyConsumer = ({ name }: GraphNode): GraphNode | undefined => {
    const names = consumers.get(name) ?? [];
    return names.length === 1 ? byName.get(names[0] as string) : undefined;
  };
  const constants = new Map(graph.constants);
  const replaced = new Map<string, GraphNode[]>();
  const gone = new Set<string>();

  for (const product of graph.nodes) {
    const fusedOp = fusedOps.get(product.op);
    const kernel = graph.constants.get(nodeOf(product.inputs[1] ?? ''));
    if (fusedOp === undefined || kernel?.datatype !== 'FP32' || !plain(product)) continue;
    const channels = channelsOf(product.op, kernel);
    const chain: GraphNode[] = [product];
    let affine: Affine = { scale: new Float64Array(channels).fill(1), offset: new Float64Array(channels) };
    let next = onlyConsumer(product);
    for (; next !== undefined; next = onlyConsumer(next)) {
      const step = affineStep(
        next,
        chain.at(-1) as GraphNode,
        { channels, rank: kernel.shape.length },
        graph.constants,
      );
      if (step === undefined) break;
      affine = step(affine);
      chain.push(next);
    }
    if (chain.length === 1) continue;
    const activation = next !== undefined && fusedActivations.has(next.op) ? next : undefined;
    if (activation !== undefined) chain.push(activation);
    const last = chain.at(-1) as GraphNode;
    for (const { name } of chain) gone.add(name);
    replaced.set(last.name, fusedNodes(product, last.name, fusedOp, activation?.op, kernel, affine, constants));
  }
  const nodes = graph.nodes.flatMap((node) => replaced.get(node.name) ?? (gone.has(node.name) ? [] : [node]));
  return { ...graph, nodes, constants };
}

/** The product as a node of the fused op, with the constants that it needs. */
function fusedNodes(
  product: GraphNode,
  name: string,
  op: string,
  activation: string | undefined,
  kernel: Tensor,
  { scale, offset }: Affine,
  constants: Map<string, Tensor>,
): GraphNode[] {
  const constant = (part: string, tensor: Tensor): GraphNode => {
    const attr = { dtype: attribute.type('FP32'), value: attribute.weight('FP32', tensor.shape) };
    constants.set(`${name}/${part}`, tensor);
    return { name: `${name}/${part}`, op: 'Const', inputs: [], attr };
  };
  const channels = scale.length;
  const bias = constant('bias', makeTensor('FP32', [channels], Float32Array.from(offset)));
  const scaled = scale.some((value) => value !== 1);
  const data = Float32Array.from(
    kernel.data as Float32Array,
    (value, index) => value * (scale[index % channels] as number),
  );
  const weights = scaled ? [constant('kernel', makeTensor('FP32', kernel.shape, data))] : [];
  const [input = '', original = ''] = product.inputs;
  const attr = {
    ...product.attr,
    num_args: attribute.int(1),
    fused_ops: attribute.texts(activation === undefined ? ['BiasAdd'] : ['BiasAdd', activation]),
    epsilon: attribute.float(0),
  };
  return [...weights, bias, { name, op, inputs: [input, weights[0]?.name ?? original, bias.name], attr }];
}

/** What an elementwise node with a constant for each channel does to `y = product · scale + offset`. */
function affineStep(
  { op, inputs }: GraphNode,
  before: GraphNode,
  product: { readonly channels: number; readonly rank: number },
  constants: Graph['constants'],
): ((affine: Affine) => Affine) | undefined {
  const [left = '', right = ''] = inputs;
  const constantFirst = right === before.name;
  const constant = constants.get(nodeOf(constantFirst ? left : right));
  if (inputs.length !== 2 || constant === undefined || !perChannel(constant, product)) return undefined;
  const value = (index: number): number => constant.data[constant.data.length === 1 ? 0 : index] as number;
  const map = (values: Float64Array, change: (value: number, index: number) => number) =>
    Float64Array.from(values, change);
  if (op === 'AddV2' || op === 'Add' || op === 'BiasAdd') {
    return ({ scale, offset }) => ({ scale, offset: map(offset, (old, index) => old + value(index)) });
  }
  if (op === 'Sub' && !constantFirst) {
    return ({ scale, offset }) => ({ scale, offset: map(offset, (old, index) => old - value(index)) });
  }
  if (op !== 'Mul') return undefined;
  const times = (old: number, index: number): number => old * value(index);
  return ({ scale, offset }) => ({ scale: map(scale, times), offset: map(offset, times) });
}

/** One number for each channel of the last axis, or one for all; with more axes than the product it would change the rank. */
function perChannel(
  { datatype, shape, data }: Tensor,
  { channels, rank }: { channels: number; rank: number },
): boolean {
  const fits = data.length === 1 || (data.length === channels && shape.at(-1) === channels);
  return datatype === 'FP32' && fits && shape.length <= rank;
}

/** Channels last, nothing transposed: what the weights' layout below means. */
function plain({ op, attr }: GraphNode): boolean {
  if (op === 'MatMul') return attr.transpose_a?.b !== true && attr.transpose_b?.b !== true;
  const format = attr.data_format?.s;
  return format === undefined || format === attribute.text('NHWC').s;
}

/** Output channels: the kernel's last axis, the last two of a depthwise one. Element i belongs to channel i mod channels. */
function channelsOf(op: string, { shape }: Tensor): number {
  const last = shape.at(-1) as number;
  return op === 'DepthwiseConv2dNative' ? last * (shape.at(-2) as number) : last;
}

/** Node → the names of those that take its outputs; an output of the model counts as one more. */
function consumersOf({ nodes, signature }: Graph): ReadonlyMap<string, readonly string[]> {
  const consumers = new Map<string, string[]>();
  const add = (producer: string, consumer: string): void => {
    const known = consumers.get(producer);
    if (known === undefined) consumers.set(producer, [consumer]);
    else known.push(consumer);
  };
  for (const { name, inputs } of nodes) for (const input of inputs) add(nodeOf(input), name);
  for (const { name } of signature.outputs) add(name, '');
  return consumers;
}
