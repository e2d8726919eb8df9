import { makeTensor } from '../../core/tensor.js';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast, comparison, scalar, unary } from '../graph/ops/elementwise.js';
import { reduce } from '../graph/ops/reduce.js';
import { integer, transpose } from '../graph/ops/shape.js';

/**
 * Sparsemax as Keras 3 computes it: with x sorted downwards and c its running sums, k elements have x > (c - 1) / rank, and
 * the result is max(x - (Σ c - 1) / k, 0), c summed over those. The paper that Keras cites takes the last c, not their sum;
 * a model has been trained with the former.
 * @throws RangeError where the size of the axis is known only at a request
 */
export function sparsemax(graph: GraphBuilder, x: GraphValue, axis: number): GraphValue {
  const rank = x.shape.length;
  const at = axis < 0 ? axis + rank : axis;
  const order = [...x.shape.keys()].filter((index) => index !== at).concat(at);
  const rows = transpose(graph, x, order);
  const size = rows.shape[rank - 1] ?? -1;
  if (size === -1) throw new RangeError('the size of its axis is known only at a request');
  const sorted = graph.nodes('TopKV2', [rows, integer(graph, size)], { sorted: attribute.flag(true) }, [
    { datatype: 'FP32', shape: rows.shape },
    { datatype: 'INT32', shape: rows.shape },
  ])[0] as GraphValue;
  const attributes = {
    exclusive: attribute.flag(false),
    reverse: attribute.flag(false),
    Tidx: attribute.type('INT32'),
  };
  const sums = graph.node('Cumsum', [sorted, integer(graph, rank - 1)], attributes, sorted);
  const one = scalar(graph, 1);
  const ranks = makeTensor(
    'FP32',
    [size],
    Float32Array.from({ length: size }, (_, index) => index + 1),
  );
  const bound = arithmetic(graph, 'RealDiv', arithmetic(graph, 'Sub', sums, one), graph.constant(ranks, 'ranks'));
  const supports = cast(graph, comparison(graph, 'Greater', sorted, bound), 'FP32');
  const count = reduce(graph, 'Sum', supports, [-1], true);
  const total = reduce(graph, 'Sum', arithmetic(graph, 'Mul', sums, supports), [-1], true);
  const threshold = arithmetic(graph, 'RealDiv', arithmetic(graph, 'Sub', total, one), count);
  const result = unary(graph, 'Relu', arithmetic(graph, 'Sub', rows, threshold));
  return transpose(
    graph,
    result,
    order.map((_, index) => order.indexOf(index)),
  );
}
