import type { Surroundings } from '../epilogue.js';
import type { Op, Planning } from '../op.js';
import { flagOf, type PlanNode } from '../plan-graph.js';
import { countOf, type Value } from '../value.js';
import { axisOf } from './axes.js';

/** A normalisation of rows as a graph spells it out: x · 1 / √(mean(x²) + epsilon), where x may be what is left without its mean. */
interface LayerNorm {
  readonly behind: readonly PlanNode[];
  readonly last: PlanNode;
  readonly n: number;
  readonly epsilon: number;
  readonly gamma: Value | undefined;
  readonly beta: Value | undefined;
}

/** An op that is the first of a layer normalisation, where it is one. */
export function normalizing(op: Op): Op {
  return {
    ...op,
    emit: (node, inputs, planning) => layerNorm(planning, node, inputs[0]) ?? op.emit(node, inputs, planning),
  };
}

/**
 * Plans a layer normalisation in one call, where that is what the graph computes from here on (as Keras writes it).
 * @param node the first of its nodes: the mean, or in one without (RMS) the square
 * @param x what is normalised, over its last axes
 */
function layerNorm(planning: Planning, node: PlanNode, x: Value | undefined): Value | undefined {
  if (x?.datatype !== 'FP32') return undefined;
  const isCentred = node.op === 'Mean';
  const found = isCentred ? behindMean(planning, node, x) : behindSquare(planning, node, node.input[0] ?? '', x);
  if (found === undefined) return undefined;
  const { behind, last, n, epsilon, gamma, beta } = found;
  planning.along(node, behind, last);
  const output = planning.take('FP32', x.shape);
  const [scale, shift] = [gamma, beta].map((value) => (value === undefined ? 0 : planning.at(value)));
  planning.call(
    'layer_norm',
    ...[planning.at(x), scale ?? 0, shift ?? 0, planning.at(output)],
    ...[countOf(x) / n, n, epsilon, Number(isCentred)],
  );
  return output;
}

/** mean(x) → x − mean(x), which its square and the product behind that read. */
function behindMean(around: Surroundings, mean: PlanNode, x: Value): LayerNorm | undefined {
  const centred = around.onlyReader(mean);
  const n = rowOf(around, mean, x);
  if (centred?.op !== 'Sub' || centred.input[0] !== mean.input[0] || n === undefined) return undefined;
  const square = around.readers(centred).find((reader) => isSquare(reader, centred.name));
  const found = square && behindSquare(around, square, centred.name, x);
  if (found?.n !== n) return undefined;
  // Whatever else reads it would miss it.
  const isInside = around.readers(centred).every((reader) => reader === square || found.behind.includes(reader));
  return isInside ? { ...found, behind: [centred, square as PlanNode, ...found.behind] } : undefined;
}

/** x² → mean → + epsilon → 1 / √ → · x, or √ → x /; then perhaps · gamma and + beta. */
function behindSquare(around: Surroundings, square: PlanNode, x: string, value: Value): LayerNorm | undefined {
  const { onlyReader, tensorOf } = around;
  if (!isSquare(square, x)) return undefined;
  const variance = onlyReader(square);
  const n = variance && rowOf(around, variance, value);
  const sum = variance && onlyReader(variance);
  const epsilon = isSum(sum) ? numberIn(tensorOf(otherInput(sum, variance?.name) ?? ''), value) : undefined;
  const root = isSum(sum) ? onlyReader(sum) : undefined;
  const product = root && onlyReader(root);
  if (variance === undefined || sum === undefined || root === undefined || product === undefined) return undefined;
  const isScaled =
    root.op === 'Rsqrt'
      ? product.op === 'Mul' && otherInput(product, root.name) === x
      : root.op === 'Sqrt' && product.op === 'RealDiv' && product.input[0] === x;
  if (!isScaled || n === undefined || epsilon === undefined) return undefined;

  const behind = [variance, sum, root, product];
  /** Takes a sum or product with a weight for each number of a row. */
  const rowWise = (fits: (node: PlanNode | undefined) => node is PlanNode): Value | undefined => {
    const last = behind.at(-1) as PlanNode;
    const next = onlyReader(last);
    const row = fits(next) ? tensorOf(otherInput(next, last.name) ?? '') : undefined;
    if (!fits(next) || row?.weight === undefined || row.datatype !== 'FP32' || !isRow(row.shape, value.shape, n))
      return;
    behind.push(next);
    return row;
  };
  const gamma = rowWise(isProduct);
  const beta = rowWise(isSum);
  return { behind, last: behind.at(-1) as PlanNode, n, epsilon, gamma, beta };
}

/** Numbers that a mean over the last axes takes together, which it leaves as axes of 1. */
function rowOf({ tensorOf }: Surroundings, node: PlanNode, { shape }: Value): number | undefined {
  const given = tensorOf(node.input[1] ?? '')?.known;
  if (node.op !== 'Mean' || given === undefined || !flagOf(node, 'keep_dims')) return undefined;
  const axes = [...new Set(given.map((axis) => axisOf(axis, shape.length)))].sort((a, b) => a - b);
  const first = shape.length - axes.length;
  return axes.every((axis, index) => axis === first + index) ? sizeOf(shape.slice(first)) : undefined;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Whether a weight has a number for each of the last n of a shape, and is the same for all before them. */
function isRow(row: readonly number[], shape: readonly number[], n: number): boolean {
  const own = shape.slice(shape.length - row.length);
  const isOwn = (size: number, axis: number): boolean => size === (sizeOf(own.slice(axis)) <= n ? own[axis] : 1);
  return row.length > 0 && row.length <= shape.length && sizeOf(row) === n && row.every(isOwn);
}

/** A single known number that adds no axis to a tensor. */
const numberIn = (number: Value | undefined, { shape }: Value): number | undefined =>
  number?.known?.length === 1 && number.shape.length <= shape.length ? number.known[0] : undefined;

const isSum = (node: PlanNode | undefined): node is PlanNode => node?.op === 'AddV2' || node?.op === 'Add';
const isProduct = (node: PlanNode | undefined): node is PlanNode => node?.op === 'Mul';

const isSquare = ({ op, input }: PlanNode, x: string): boolean =>
  (op === 'Square' && input[0] === x) || (op === 'Mul' && input[0] === x && input[1] === x);

const otherInput = ({ input }: PlanNode, name: string | undefined): string | undefined =>
  input[0] === name ? input[1] : input[0];
