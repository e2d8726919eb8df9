import * as attribute from '../../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../../graph/graph-builder.js';
import { arithmetic, cast, scalar, unary } from '../../graph/ops/elementwise.js';
import { reduce } from '../../graph/ops/reduce.js';
import { expandDims, integer, squeeze } from '../../graph/ops/shape.js';
import { logSoftmax, softmax } from '../../graph/ops/softmax.js';
import { kerasMajor } from '../../keras/keras-version.js';
import { asTruth } from '../score-masks.js';
import { axesOf, axisOf, type Operation, type OperationEmitter } from './operation.js';

interface Reduction {
  readonly x: GraphValue;
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

function readReduction({ operand, settingAt, setting }: Operation): Reduction {
  const x = operand(0, 'x', 'input_tensor', 'input');
  const keepDims = setting('keepdims', 'keep_dims') === true;
  for (const name of ['initial', 'where', 'weights']) {
    if (setting(name) !== undefined && setting(name) !== null) throw new RangeError(`${name} is not supported`);
  }
  return { x, axes: axesOf(settingAt(1, 'axis'), x.shape.length), keepDims };
}

/** `prepare`: the datatype in which it is computed. */
const reduction =
  (
    op: Parameters<typeof reduce>[1],
    prepare: (graph: GraphBuilder, x: GraphValue, operation: Operation) => GraphValue = numeric,
  ): OperationEmitter =>
  (operation) => {
    const { x, axes, keepDims } = readReduction(operation);
    return reduce(operation.graph, op, prepare(operation.graph, x, operation), axes, keepDims);
  };

function numeric(graph: GraphBuilder, x: GraphValue): GraphValue {
  return x.datatype === 'BOOL' ? cast(graph, x, 'INT32') : x;
}

/** Keras 3 takes the mean of integers as one of floats, TensorFlow as an integer. */
function averaged(graph: GraphBuilder, x: GraphValue, { call }: Operation): GraphValue {
  if (x.datatype !== 'FP32' && kerasMajor(call.kerasVersion) === 2) {
    throw new RangeError('the mean of integers is an integer in TensorFlow, which is not supported');
  }
  return cast(graph, x, 'FP32');
}

/** The mean of the squared distance from the mean; `finish` on it. */
const variance =
  (finish: (graph: GraphBuilder, x: GraphValue) => GraphValue = (_graph, x) => x): OperationEmitter =>
  (operation) => {
    const { graph } = operation;
    const { x, axes, keepDims } = readReduction(operation);
    const floats = cast(graph, x, 'FP32');
    const mean = reduce(graph, 'Mean', floats, axes, true);
    const squares = unary(graph, 'Square', arithmetic(graph, 'Sub', floats, mean));
    return finish(graph, reduce(graph, 'Mean', squares, axes, keepDims));
  };

/** log Σ exp(x), without overflow. */
const logSumExp: OperationEmitter = (operation) => {
  const { graph } = operation;
  const { x, axes, keepDims } = readReduction(operation);
  const floats = cast(graph, x, 'FP32');
  const most = reduce(graph, 'Max', floats, axes, true);
  const sum = reduce(graph, 'Sum', unary(graph, 'Exp', arithmetic(graph, 'Sub', floats, most)), axes, true);
  const result = arithmetic(graph, 'AddV2', unary(graph, 'Log', sum), most);
  return keepDims ? result : squeeze(graph, result, axes);
};

/** The Euclidean norm. */
const norm: OperationEmitter = (operation) => {
  const { graph } = operation;
  const ord = operation.settingAt(1, 'ord');
  if (ord !== undefined && ord !== null && ord !== 2 && ord !== 'euclidean') {
    throw new RangeError(`only the Euclidean norm is supported, not ord ${JSON.stringify(ord)}`);
  }
  const x = cast(graph, operation.operand(0, 'x', 'tensor'), 'FP32');
  const axes = axesOf(operation.settingAt(2, 'axis'), x.shape.length);
  if (ord === 2 && axes.length > 1) throw new RangeError('the spectral norm of a matrix is not supported');
  const keepDims = operation.setting('keepdims') === true;
  return unary(graph, 'Sqrt', reduce(graph, 'Sum', unary(graph, 'Square', x), axes, keepDims));
};

/** x / |x| along axes; a square below 1e-12 counts as such (tf.math.l2_normalize). */
const l2Normalize: OperationEmitter = (operation) => {
  const { graph } = operation;
  const x = cast(graph, operation.operand(0, 'x'), 'FP32');
  const epsilon = operation.settingAt(2, 'epsilon') ?? 1e-12;
  const axes = axesOf(operation.settingAt(1, 'axis', 'dim'), x.shape.length);
  const square = reduce(graph, 'Sum', unary(graph, 'Square', x), axes, true);
  const atLeast = arithmetic(graph, 'Maximum', square, scalar(graph, Number(epsilon)));
  return arithmetic(graph, 'Mul', x, unary(graph, 'Rsqrt', atLeast));
};

/** x / |x| along axes, by Keras 3: 1 / |x| is at most 1 / epsilon. */
const normalize: OperationEmitter = (operation) => {
  const { graph } = operation;
  if ((operation.setting('order') ?? 2) !== 2) throw new RangeError('only order 2 is supported');
  const x = cast(graph, operation.operand(0, 'x'), 'FP32');
  const epsilon = Number(operation.setting('epsilon') ?? 1e-7);
  const axes = axesOf(operation.setting('axis') ?? -1, x.shape.length);
  const square = reduce(graph, 'Sum', unary(graph, 'Square', x), axes, true);
  const inverse = arithmetic(graph, 'Minimum', unary(graph, 'Rsqrt', square), scalar(graph, 1 / epsilon));
  return arithmetic(graph, 'Mul', x, inverse);
};

/** The place of the greatest or least along one axis, as INT32. */
const place =
  (op: 'ArgMax' | 'ArgMin'): OperationEmitter =>
  ({ graph, operand, settingAt, setting }) => {
    const x = cast(graph, operand(0, 'x', 'input'), 'FP32');
    const axis = axisOf(settingAt(1, 'axis') ?? (x.shape.length === 1 ? 0 : undefined), x.shape.length);
    const shape = x.shape.filter((_, index) => index !== axis);
    const attributes = { output_type: attribute.type('INT32'), Tidx: attribute.type('INT32') };
    const found = graph.node(op, [x, integer(graph, axis)], attributes, { datatype: 'INT32', shape });
    return setting('keepdims') === true ? expandDims(graph, found, axis) : found;
  };

const cumulativeSum: OperationEmitter = ({ graph, operand, settingAt, setting }) => {
  const x = numeric(graph, operand(0, 'x'));
  const axis = axisOf(settingAt(1, 'axis') ?? 0, x.shape.length);
  const attributes = {
    exclusive: attribute.flag(setting('exclusive') === true),
    reverse: attribute.flag(setting('reverse') === true),
    Tidx: attribute.type('INT32'),
  };
  return graph.node('Cumsum', [x, integer(graph, axis)], attributes, { datatype: x.datatype, shape: x.shape });
};

/** Over an axis or several; the last where none is given. */
const overAxes =
  (apply: typeof softmax): OperationEmitter =>
  ({ graph, operand, settingAt }) => {
    const x = cast(graph, operand(0, 'x', 'logits'), 'FP32');
    return apply(graph, x, axesOf(settingAt(1, 'axis') ?? -1, x.shape.length));
  };

const mean = reduction('Mean', averaged);
const truth = (graph: GraphBuilder, x: GraphValue): GraphValue => asTruth(graph, x);

export const reductionOperations: Readonly<Record<string, OperationEmitter>> = {
  mean,
  reduce_mean: mean,
  average: mean,
  sum: reduction('Sum'),
  reduce_sum: reduction('Sum'),
  max: reduction('Max'),
  amax: reduction('Max'),
  reduce_max: reduction('Max'),
  min: reduction('Min'),
  amin: reduction('Min'),
  reduce_min: reduction('Min'),
  prod: reduction('Prod'),
  reduce_prod: reduction('Prod'),
  any: reduction('Any', truth),
  reduce_any: reduction('Any', truth),
  all: reduction('All', truth),
  reduce_all: reduction('All', truth),
  var: variance(),
  reduce_variance: variance(),
  std: variance((graph, x) => unary(graph, 'Sqrt', x)),
  reduce_std: variance((graph, x) => unary(graph, 'Sqrt', x)),
  logsumexp: logSumExp,
  reduce_logsumexp: logSumExp,
  norm,
  l2_normalize: l2Normalize,
  normalize,
  argmax: place('ArgMax'),
  argmin: place('ArgMin'),
  cumsum: cumulativeSum,
  softmax: overAxes(softmax),
  log_softmax: overAxes(logSoftmax),
};
