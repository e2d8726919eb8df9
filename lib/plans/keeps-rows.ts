import { type Constants, knownWeight } from './constants.js';
import { flagOf, type PlanGraph, type PlanNode, tensorRef } from './plan-graph.js';

/** Ops that compute each row of their first input alone, by weights. */
const alone = new Set(
  'Conv2D _FusedConv2D DepthwiseConv2dNative FusedDepthwiseConv2dNative MaxPool AvgPool FusedBatchNorm FusedBatchNormV2 \
FusedBatchNormV3 ResizeBilinear ResizeNearestNeighbor Softmax Identity Relu Relu6 Elu Selu LeakyRelu Sigmoid Tanh Softplus \
Neg Abs Square Sqrt Rsqrt Exp Log Erf'.split(' '),
);
/** Ops on tensors of one shape, or weights that each row meets alike. */
const paired = new Set('Add AddV2 BiasAdd Sub Mul RealDiv Maximum Minimum SquaredDifference Prelu'.split(' '));
const reductions = new Set(['Mean', 'Max', 'Min', 'Sum']);
const shaping = new Set(['Reshape', 'Squeeze', 'ExpandDims']);
const sizing = new Set(['Shape', 'StridedSlice', 'Slice', 'Pack', 'ConcatV2', 'Prod', 'Mul', 'Cast', 'Identity']);

/** What a tensor is made of: weights alone; rows of the inputs, each its own; or sizes, which reshaping may read. */
type Kind = 'weights' | 'rows' | 'sizes';

/**
 * Whether each row of all outputs depends on the same row of the inputs alone, so that a batch may be computed in parts. It says so
 * of images' networks and what is as plain as they are, and no of all it doesn't know.
 * @param shapeOf a node's first output; nothing for one that the kernel before computes along
 */
export function keepsRows(
  { nodes, inputs, outputs }: PlanGraph,
  constants: Constants,
  batch: number,
  shapeOf: (node: string) => readonly number[] | undefined,
): boolean {
  const kinds = new Map<string, Kind>();
  const shapes = new Map<string, readonly number[]>();
  const given = new Set(inputs.map(({ node }) => node));
  const isFirst = (input: string): boolean => tensorRef(input)[1] === 0;

  const kindOf = (node: PlanNode): Kind | undefined => {
    if (given.has(node.name)) return 'rows';
    if (node.op === 'Const') return 'weights';
    const [first, ...others] = node.input.map((input) => kinds.get(input));
    if (first === undefined || !node.input.every(isFirst)) return undefined;
    if ([first, ...others].every((kind) => kind === 'weights')) return 'weights';
    if (sizing.has(node.op) && [first, ...others].every((kind) => kind !== 'rows')) return 'sizes';
    if (node.op === 'Shape') return 'sizes';
    return computesRows(node, first, others) ? 'rows' : undefined;
  };

  const computesRows = (node: PlanNode, first: Kind, others: readonly (Kind | undefined)[]): boolean => {
    const shape = shapes.get(node.input[0] ?? '') ?? [];
    const byWeights = first === 'rows' && others.every((kind) => kind === 'weights');
    if (alone.has(node.op)) return byWeights;
    if (shaping.has(node.op)) return first === 'rows' && others.every((kind) => kind !== 'rows');
    if (node.op === 'MatMul' || node.op === '_FusedMatMul')
      return byWeights && shape.length === 2 && !flagOf(node, 'transpose_a');
    if (reductions.has(node.op)) {
      const axes = knownWeight(constants, node.input[1] ?? '')?.known;
      return byWeights && (axes ?? [0]).every((axis) => axis !== 0 && axis !== -shape.length);
    }
    if (!paired.has(node.op)) return false;
    const all = node.input.map((input) => ({ kind: kinds.get(input), shape: shapes.get(input) ?? [] }));
    const rank = Math.max(...all.map((input) => input.shape.length));
    return all.every(
      (input) =>
        (input.kind === 'rows' && input.shape.length === rank) ||
        (input.kind === 'weights' && (input.shape.length < rank || input.shape[0] === 1)),
    );
  };

  for (const node of nodes) {
    const kind = kindOf(node);
    const rows = node.input.find((input) => kinds.get(input) === 'rows') ?? '';
    const shape = shapeOf(node.name) ?? shapes.get(rows) ?? [];
    if (kind === undefined || (kind === 'rows' && (shape[0] !== batch || shape.length < 2))) return false;
    kinds.set(node.name, kind);
    shapes.set(node.name, shape);
  }
  return outputs.every(({ tensor }) => isFirst(tensor) && kinds.get(tensorRef(tensor)[0]) === 'rows');
}
