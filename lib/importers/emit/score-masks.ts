import { makeTensor } from '../../core/tensor.js';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast, comparison, not, scalar, select, unary } from '../graph/ops/elementwise.js';
import { type Dimension, expandDims, integer, sizeOf } from '../graph/ops/shape.js';
import { softmax } from '../graph/ops/softmax.js';
import { isKeras } from '../keras/keras-version.js';

/**
 * Softmax of scores, of which those where `mask` (BOOL, broadcast) is false are out of the race. Keras' versions differ where
 * a whole row is masked. `replaced`: its scores become the same, and so its weights; else they are lowered by 1e9, which
 * float32 makes nearly the same. `zeroed`: its weights become 0.
 */
export function maskedSoftmax(
  graph: GraphBuilder,
  scores: GraphValue,
  mask: GraphValue,
  axes: readonly number[],
  { replaced, zeroed }: { readonly replaced: boolean; readonly zeroed: boolean },
): GraphValue {
  const truth = asTruth(graph, mask);
  const left = replaced
    ? select(graph, truth, scores, scalar(graph, -1e9))
    : arithmetic(
        graph,
        'Sub',
        scores,
        arithmetic(graph, 'Mul', cast(graph, not(graph, truth), 'FP32'), scalar(graph, 1e9)),
      );
  const weights = softmax(graph, left, axes);
  return zeroed ? zeroMasked(graph, weights, truth) : weights;
}

/** How the layer Softmax treats a masked row: it zeroes it since Keras 3.10. */
export function ofSoftmaxLayer(kerasVersion: string): { replaced: boolean; zeroed: boolean } {
  const zeroed = isKeras(kerasVersion, 3, 10);
  return { replaced: zeroed, zeroed };
}

/** 0 where `mask` is false. */
export function zeroMasked(graph: GraphBuilder, x: GraphValue, mask: GraphValue): GraphValue {
  return select(graph, asTruth(graph, mask), x, scalar(graph, 0));
}

/** A mask that a model computes or takes as input may be numbers: true above 0. */
export function asTruth(graph: GraphBuilder, mask: GraphValue): GraphValue {
  if (mask.datatype === 'BOOL') return mask;
  return comparison(graph, 'NotEqual', mask, scalar(graph, 0, mask.datatype));
}

/** Those of both; undefined is no condition. */
export function allOf(graph: GraphBuilder, masks: readonly (GraphValue | undefined)[]): GraphValue | undefined {
  const given = masks.filter((mask) => mask !== undefined);
  return given.length === 0 ? undefined : given.reduce((a, b) => comparison(graph, 'LogicalAnd', a, b));
}

/** BOOL [1, rows, columns]: whether a query (row) may see a key (column), from their positions. */
export function positionsMask(
  graph: GraphBuilder,
  rows: Dimension,
  columns: Dimension,
  rule: 'causal' | { readonly window: number },
): GraphValue {
  if (typeof rows === 'number' && typeof columns === 'number') return knownPositions(graph, rows, columns, rule);
  const row = expandDims(graph, expandDims(graph, range(graph, rows), 1), 0);
  const column = expandDims(graph, expandDims(graph, range(graph, columns), 0), 0);
  if (rule === 'causal') return comparison(graph, 'GreaterEqual', row, column);
  const distance = unary(graph, 'Abs', arithmetic(graph, 'Sub', row, column));
  return comparison(graph, 'Less', distance, scalar(graph, rule.window, 'INT32'));
}

function knownPositions(
  graph: GraphBuilder,
  rows: number,
  columns: number,
  rule: 'causal' | { readonly window: number },
): GraphValue {
  const seen = Uint8Array.from({ length: rows * columns }, (_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    return Number(rule === 'causal' ? row >= column : Math.abs(row - column) < rule.window);
  });
  return graph.constant(makeTensor('BOOL', [1, rows, columns], seen), 'mask');
}

/** 0, 1, 2 … as INT32. */
function range(graph: GraphBuilder, count: Dimension): GraphValue {
  const [size, known] = typeof count === 'number' ? [integer(graph, count), count] : [sizeOf(graph, count), -1];
  const attributes = { Tidx: attribute.type('INT32') };
  const inputs = [integer(graph, 0), size, integer(graph, 1)];
  return graph.node('Range', inputs, attributes, { datatype: 'INT32', shape: [known] });
}
