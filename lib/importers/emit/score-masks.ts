import { makeTensor } from '../../core/tensor.js';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast, comparison, not, scalar, select, unary } from '../graph/ops/elementwise.js';
import { type Dimension, expandDims, integer, sizeOf } from '../graph/ops/shape.js';

/** What Keras takes for minus infinity in float32. */
const veryNegative = -1e9;

/**
 * Scores before a softmax, with those where `mask` (BOOL, broadcast) is false out of the race. The versions differ where a
 * whole row is masked: Keras 3 replaces its scores, so that all weights are the same; Keras 2 lowers them by 1e9.
 */
export function maskScores(graph: GraphBuilder, scores: GraphValue, mask: GraphValue, version: 2 | 3): GraphValue {
  if (version === 3) return select(graph, asTruth(graph, mask), scores, scalar(graph, veryNegative));
  const masked = cast(graph, not(graph, asTruth(graph, mask)), 'FP32');
  return arithmetic(graph, 'AddV2', scores, arithmetic(graph, 'Mul', masked, scalar(graph, veryNegative)));
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
