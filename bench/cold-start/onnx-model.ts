import { elementCount } from '../../lib/core/tensor.js';
import type { Weight } from './layers-model.js';
import { initializer, type Message, model, node, type OnnxNode, valueInfo } from './onnx-proto.js';
import { recurrent, recurrentLayer } from './onnx-recurrent.js';
import type { GraphNode, PublishedGraph } from './published-graph.js';

/**
 * The published network as an ONNX model, channels first as onnxruntime computes; input and output are as ours (NHWC). It
 * knows the ops of the networks that are measured.
 */
export function onnxModel({ nodes, weights, input, output }: PublishedGraph): Uint8Array {
  const written: Message[] = [];
  const constants: Message[] = [];
  const weightOf = new Map(weights.map((weight) => [weight.name, weight]));
  /** Our node → the ONNX value of its result; an image is there as NCHW. */
  const values = new Map<string, string>();
  const images = new Set<string>();

  function emit(
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: OnnxNode['attributes'] = {},
  ): string {
    written.push(node({ op, inputs, outputs: op in recurrent ? ['', output] : [output], attributes }));
    return output;
  }
  function constant(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): string {
    constants.push(initializer(name, shape, data));
    return name;
  }
  function weight(name = ''): Weight {
    const found = weightOf.get(name);
    if (found === undefined) throw new Error(`the graph has no weight '${name}'`);
    return found;
  }
  function asItIs(name: string | undefined): string {
    const { name: own, shape, values: data } = weight(name);
    return constant(own, shape, data);
  }
  /** What `fused_ops` names after BiasAdd. */
  function activate(graphNode: GraphNode, from: string): string {
    const activation = texts(graphNode, 'fused_ops')[1];
    if (activation === undefined) return from;
    if (activation === 'Relu') return emit('Relu', [from], graphNode.name);
    const [low, high] = [0, 6].map((limit) => constant(`${graphNode.name}/${limit}`, [], Float32Array.of(limit)));
    return emit('Clip', [from, low as string, high as string], graphNode.name);
  }
  function convolve(graphNode: GraphNode, source: string, depthwise: boolean): string {
    const { name, input: [, kernelName, bias] = [] } = graphNode;
    const { shape, values: kernel } = weight(kernelName);
    // HWIO → OIHW; a depthwise kernel HWC1 → C1HW.
    const order = depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1];
    const permutedShape = order.map((axis) => shape[axis] as number);
    const ready = constant(`${name}/kernel`, permutedShape, permuted(kernel, shape, order));
    const group = depthwise ? (shape[2] as number) : 1;
    const attributes = { ...windowing(graphNode), kernel_shape: shape.slice(0, 2), group };
    return activate(graphNode, emit('Conv', [source, ready, asItIs(bias)], `${name}/conv`, attributes));
  }
  /** [batch, steps, features] → the last output, [batch, units]. */
  function recur(graphNode: GraphNode, source: string): string {
    const { name, input: [, kernel, recurrentKernel, bias] = [] } = graphNode;
    const cell = texts(graphNode, 'cell')[0] ?? '';
    const layer = recurrentLayer(cell, [kernel, recurrentKernel, bias].map(weight));
    const parts = layer.weights.map(({ name: part, shape, values: data }) => constant(`${name}/${part}`, shape, data));
    const steps = emit('Transpose', [source], `${name}/steps`, { perm: [1, 0, 2] });
    const last = emit(layer.op, [steps, ...parts], `${name}/last`, layer.attributes);
    return emit('Squeeze', [last, constant(`${name}/direction`, [1], BigInt64Array.of(0n))], name);
  }
  function convert(graphNode: GraphNode): string {
    const { name, op, input: [first = '', second = '', third = ''] = [] } = graphNode;
    const source = values.get(first) ?? '';
    switch (op) {
      case 'Placeholder':
        return input.shape.length === 4 ? emit('Transpose', [name], `${name}/nchw`, { perm: [0, 3, 1, 2] }) : name;
      case '_FusedConv2D':
        return convolve(graphNode, source, false);
      case 'FusedDepthwiseConv2dNative':
        return convolve(graphNode, source, true);
      case 'MaxPool': {
        const window = integers(graphNode, 'ksize').slice(1, 3);
        return emit('MaxPool', [source], name, { ...windowing(graphNode), kernel_shape: window });
      }
      case 'AddV2':
        return emit('Add', [source, values.get(second) ?? ''], name);
      case 'Mean':
        return emit('ReduceMean', [source], name, { axes: [2, 3], keepdims: 0 });
      case 'Reshape': {
        const { shape, values: sizes } = weight(second);
        const nhwc = images.has(first) ? emit('Transpose', [source], `${name}/nhwc`, { perm: [0, 2, 3, 1] }) : source;
        return emit(
          'Reshape',
          [nhwc, constant(`${name}/shape`, shape, BigInt64Array.from([...sizes].map(BigInt)))],
          name,
        );
      }
      case 'GatherV2':
        return emit('Gather', [asItIs(first), values.get(second) ?? ''], name, { axis: 0 });
      case 'ModeletRecurrent':
        return recur(graphNode, source);
      case 'MatMul':
        return emit('MatMul', [source, asItIs(second)], name);
      case '_FusedMatMul':
        return activate(graphNode, emit('Gemm', [source, asItIs(second), asItIs(third)], `${name}/gemm`));
      case 'Softmax':
        return emit('Softmax', [source], name, { axis: -1 });
      default:
        throw new Error(`'${op}' has no ONNX form here; add it to bench/cold-start/onnx-model.ts`);
    }
  }

  for (const graphNode of nodes.filter(({ op }) => op !== 'Const')) {
    values.set(graphNode.name, convert(graphNode));
    const { name, op, input: [first = ''] = [] } = graphNode;
    if (op === 'Placeholder' ? input.shape.length === 4 : images.has(first) && op !== 'Mean' && op !== 'Reshape')
      images.add(name);
  }
  return model({
    nodes: written,
    initializers: constants,
    input: valueInfo(input.name, input.datatype === 'INT32' ? 'int32' : 'float', input.shape),
    output: valueInfo(output.name, 'float', output.shape),
  });
}

/** Rearranges the axes of a tensor of rank 4: axis i of the result is axis `order[i]` of the source. */
function permuted(source: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const [a = 0, b = 0, c = 0, d = 0] = order.map((axis) => shape[axis]);
  const [strideA = 0, strideB = 0, strideC = 0, strideD = 0] = order.map((axis) => strides[axis]);
  const result = new Float32Array(source.length);
  let at = 0;
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < c; k++)
        for (let l = 0; l < d; l++)
          result[at++] = source[i * strideA + j * strideB + k * strideC + l * strideD] as number;
  return result;
}

interface Attribute {
  readonly s?: string;
  readonly list?: { readonly s?: readonly string[]; readonly i?: readonly string[] };
}

const attributeOf = (graphNode: GraphNode, name: string): Attribute => (graphNode.attr?.[name] ?? {}) as Attribute;

function integers(graphNode: GraphNode, name: string): readonly number[] {
  return (attributeOf(graphNode, name).list?.i ?? []).map(Number);
}

/** Text in a TF.js graph is base64. */
function texts(graphNode: GraphNode, name: string): readonly string[] {
  const { s, list } = attributeOf(graphNode, name);
  return (list?.s ?? (s === undefined ? [] : [s])).map((text) => Buffer.from(text, 'base64').toString('latin1'));
}

function windowing(graphNode: GraphNode): Record<string, string | readonly number[]> {
  const padding = texts(graphNode, 'padding')[0] === 'SAME' ? 'SAME_UPPER' : 'VALID';
  return { auto_pad: padding, strides: integers(graphNode, 'strides').slice(1, 3) };
}
