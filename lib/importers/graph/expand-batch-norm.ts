import { makeTensor, type Tensor } from '../../core/tensor.js';
import * as attribute from './attributes.js';
import { type Graph, type GraphNode, nodeOf } from './graph.js';

const batchNorms = new Set(['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3']);

/** TensorFlow's default for the attribute `epsilon`. */
const defaultEpsilon = 1e-4;

/** A batch normalization with constant statistics becomes x · scale + offset, which the product before it can take in. */
export function expandBatchNorm(graph: Graph): Graph {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.flatMap((node) => {
    if (!batchNorms.has(node.op)) return [node];
    const statistics = node.inputs.slice(1).map((name) => constants.get(nodeOf(name)));
    const [gamma, beta, mean, variance] = statistics as (Tensor | undefined)[];
    if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) return [node];
    const epsilon = (node.attr.epsilon?.f as number | undefined) ?? defaultEpsilon;
    const at = (tensor: Tensor, index: number) => tensor.data[index] as number;
    const scale = Array.from(gamma.data, (value, index) => value / Math.sqrt(at(variance, index) + epsilon));
    const offset = scale.map((value, index) => at(beta, index) - at(mean, index) * value);
    return expanded(node, scale, offset, constants);
  });
  return { ...graph, nodes, constants };
}

function expanded(node: GraphNode, scale: number[], offset: number[], constants: Map<string, Tensor>): GraphNode[] {
  const constant = (name: string, values: number[]): GraphNode => {
    const tensor = makeTensor('FP32', [values.length], Float32Array.from(values));
    constants.set(name, tensor);
    const attr = { dtype: attribute.type('FP32'), value: attribute.weight('FP32', tensor.shape) };
    return { name, op: 'Const', inputs: [], attr };
  };
  const [x = ''] = node.inputs;
  const [scaleName, offsetName, scaled] = ['scale', 'offset', 'Mul'].map((part) => `${node.name}/${part}`) as [
    string,
    string,
    string,
  ];
  const attr = { T: attribute.type('FP32') };
  return [
    constant(scaleName, scale),
    constant(offsetName, offset),
    { name: scaled, op: 'Mul', inputs: [x, scaleName], attr },
    { name: node.name, op: 'AddV2', inputs: [scaled, offsetName], attr },
  ];
}
