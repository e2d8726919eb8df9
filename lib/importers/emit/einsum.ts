import { elementCount, makeTensor, type Tensor } from '../../core/tensor.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { batchMatMul, matMul } from '../graph/ops/product.js';
import { reduce } from '../graph/ops/reduce.js';
import { type Dimension, dimension, reshape, transpose } from '../graph/ops/shape.js';

/** `abc,cd->abd` in parts. Each letter is an axis. */
export interface Equation {
  readonly left: string;
  readonly right: string;
  readonly result: string;
}

/**
 * Reads an equation over two operands; `...` becomes letters of its own, as many as the ranks ask for.
 * @throws RangeError where it isn't one contraction: a letter twice in an operand, or in the result and nowhere else
 */
export function parseEquation(equation: string, leftRank: number, rightRank: number): Equation {
  const [, leftText, rightText, resultText] =
    /^([a-zA-Z.]+),([a-zA-Z.]+)->([a-zA-Z.]*)$/.exec(equation.replaceAll(' ', '')) ?? [];
  if (leftText === undefined || rightText === undefined || resultText === undefined) {
    throw new RangeError(`'${equation}' is no equation of two operands`);
  }
  const free = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter(
    (letter) => !equation.includes(letter),
  );
  const elided = (text: string, rank: number): number => (text.includes('...') ? rank - (text.length - 3) : 0);
  const count = Math.max(elided(leftText, leftRank), elided(rightText, rightRank));
  // Broadcasting aligns from the end: the operand with fewer elided axes has the last letters.
  const expand = (text: string, elidedCount: number): string =>
    text.replace('...', free.slice(count - elidedCount, count).join(''));
  const left = expand(leftText, elided(leftText, leftRank));
  const right = expand(rightText, elided(rightText, rightRank));
  const result = expand(resultText, count);
  const once = [left, right, result].every((letters) => new Set(letters).size === letters.length);
  const known = [...result].every((letter) => left.includes(letter) || right.includes(letter));
  if (!once || !known || left.length !== leftRank || right.length !== rightRank) {
    throw new RangeError(
      `equation '${equation}' is no product over axes of operands with ${leftRank} and ${rightRank} axes`,
    );
  }
  return { left, right, result };
}

/** The letters of a contraction by what they do. */
interface Roles {
  /** In both operands and the result. */
  readonly batch: readonly string[];
  /** In both operands only: summed over. */
  readonly summed: readonly string[];
  readonly leftOnly: readonly string[];
  readonly rightOnly: readonly string[];
}

function rolesOf({ left, right, result }: Equation): Roles {
  const both = [...left].filter((letter) => right.includes(letter));
  return {
    batch: [...result].filter((letter) => both.includes(letter)),
    summed: both.filter((letter) => !result.includes(letter)),
    leftOnly: [...result].filter((letter) => left.includes(letter) && !right.includes(letter)),
    rightOnly: [...result].filter((letter) => right.includes(letter) && !left.includes(letter)),
  };
}

/**
 * A contraction of two values, as one batched matrix product between a transposition on either side and one of the result.
 * TF.js' Einsum isn't there on wasm.
 */
export function einsum(graph: GraphBuilder, equation: Equation, a: GraphValue, b: GraphValue): GraphValue {
  const swapped = { left: equation.right, right: equation.left, result: equation.result };
  // Whichever order of the operands leaves the result's axes where they should be.
  if (resultOrder(equation) !== equation.result && resultOrder(swapped) === equation.result) {
    return einsum(graph, swapped, b, a);
  }
  const roles = rolesOf(equation);
  const left = sumUnused(graph, a, equation.left, equation.right + equation.result);
  const right = sumUnused(graph, b, equation.right, equation.left + equation.result);
  const { batch, summed, leftOnly, rightOnly } = roles;
  const size = (letter: string): Dimension =>
    left.letters.includes(letter)
      ? dimension(left.value, left.letters.indexOf(letter))
      : dimension(right.value, right.letters.indexOf(letter));
  const rows = arrange(graph, left, [batch, leftOnly, summed]);
  const columns = arrange(graph, right, [batch, summed, rightOnly]);
  const product = batch.length === 0 ? matMul(graph, rows, columns) : batchMatMul(graph, rows, columns);
  const axes = [...batch, ...leftOnly, ...rightOnly];
  const apart = leftOnly.length === 1 && rightOnly.length === 1 ? product : reshape(graph, product, axes.map(size));
  return transpose(
    graph,
    apart,
    [...equation.result].map((letter) => axes.indexOf(letter)),
  );
}

/** The result's letters in the order in which the product yields them. */
function resultOrder(equation: Equation): string {
  const { batch, leftOnly, rightOnly } = rolesOf(equation);
  return [...batch, ...leftOnly, ...rightOnly].join('');
}

interface Lettered {
  readonly value: GraphValue;
  readonly letters: string;
}

/** Sums over the axes that only this operand has. */
function sumUnused(graph: GraphBuilder, value: GraphValue, letters: string, elsewhere: string): Lettered {
  const unused = [...letters].map((_, axis) => axis).filter((axis) => !elsewhere.includes(letters.charAt(axis)));
  if (unused.length === 0) return { value, letters };
  const left = [...letters].filter((letter) => elsewhere.includes(letter)).join('');
  return { value: reduce(graph, 'Sum', value, unused), letters: left };
}

/** The axes in these groups; of the last two groups each becomes one axis. */
function arrange(
  graph: GraphBuilder,
  { value, letters }: Lettered,
  [batch, ...inner]: readonly [readonly string[], readonly string[], readonly string[]],
): GraphValue {
  const order = [batch, ...inner].flat().map((letter) => letters.indexOf(letter));
  const turned = transpose(graph, value, order);
  if (inner.every((group) => group.length === 1)) return turned;
  const sizeOfLetter = (letter: string): Dimension => dimension(turned, order.indexOf(letters.indexOf(letter)));
  const merged = inner.map((group) => product(group.map(sizeOfLetter)));
  if (merged.every((size) => size === -1)) throw new RangeError(`too many sizes of [${value.shape}] are unknown`);
  return reshape(graph, turned, [...batch.map(sizeOfLetter), ...merged]);
}

/** The size of axes that become one; -1, whatever is left, where one of several is unknown. */
function product(sizes: readonly Dimension[]): Dimension {
  const [only] = sizes;
  if (sizes.length === 1 && only !== undefined) return only;
  return sizes.every((size) => typeof size === 'number') ? elementCount(sizes as number[]) : -1;
}

/**
 * A contraction with a constant over whole trailing axes of the kernel, as Keras' own layers have it (`abc,cde->abde`): one
 * matrix product over all leading axes of `x`, whose bias and activation can be fused with it.
 * @param summed how many of x' last axes are summed over: the kernel's first ones
 */
export function project(
  graph: GraphBuilder,
  x: GraphValue,
  weights: { readonly kernel: Tensor; readonly bias?: Tensor | undefined },
  summed: number,
  apply: (rows: GraphValue, bias: GraphValue | undefined) => GraphValue,
): GraphValue {
  const { kernel, bias } = weights;
  const [inner, outer] = [kernel.shape.slice(0, summed), kernel.shape.slice(summed)];
  const leading = x.shape.slice(0, x.shape.length - summed).map((_, axis) => dimension(x, axis));
  const flatKernel = makeTensor(kernel.datatype, [elementCount(inner), elementCount(outer)], kernel.data);
  const flatBias = bias === undefined ? undefined : makeTensor(bias.datatype, [elementCount(outer)], bias.data);
  const rows = x.shape.length === 2 && summed === 1 ? x : reshape(graph, x, [-1, elementCount(inner)]);
  const result = apply(
    matMul(graph, rows, graph.constant(flatKernel, 'kernel')),
    flatBias === undefined ? undefined : graph.constant(flatBias, 'bias'),
  );
  return leading.length === 1 && outer.length === 1 ? result : reshape(graph, result, [...leading, ...outer]);
}
