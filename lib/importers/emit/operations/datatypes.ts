import type { GraphBuilder, GraphValue } from '../../graph/graph-builder.js';
import { cast, comparison, scalar } from '../../graph/ops/elementwise.js';
import { oneHot } from '../../graph/ops/one-hot.js';
import { firstOperand, integerOf, type OperationEmitter } from './operation.js';

/** float64 and float16 are computed in float32, as everywhere; all integers in int32. */
const casted: OperationEmitter = (operation) => {
  const x = firstOperand(operation);
  const dtype = String(operation.settingAt(1, 'dtype') ?? 'none');
  if (dtype.includes('bool'))
    return x.datatype === 'BOOL' ? x : comparison(operation.graph, 'NotEqual', x, zeroLike(operation.graph, x));
  if (dtype.includes('float')) return cast(operation.graph, x, 'FP32');
  if (dtype.includes('int')) return cast(operation.graph, x, 'INT32');
  throw new RangeError(`the file doesn't say to which datatype it casts ('${dtype}')`);
};

function zeroLike(graph: GraphBuilder, x: GraphValue): GraphValue {
  return scalar(graph, 0, x.datatype === 'INT32' ? 'INT32' : 'FP32');
}

const oneHotOperation: OperationEmitter = (operation) => {
  const x = operation.operand(0, 'x', 'indices');
  const depth = integerOf(operation.settingAt(1, 'num_classes', 'depth'));
  const axis = operation.setting('axis') ?? -1;
  if (axis !== -1) throw new RangeError('only axis -1 is supported');
  return oneHot(operation.graph, cast(operation.graph, x, 'INT32'), depth);
};

const alike =
  (op: 'ZerosLike' | 'OnesLike'): OperationEmitter =>
  (operation) => {
    const x = cast(operation.graph, firstOperand(operation), 'FP32');
    return operation.graph.node(op, [x], {}, { datatype: 'FP32', shape: x.shape });
  };

export const datatypeOperations: Readonly<Record<string, OperationEmitter>> = {
  cast: casted,
  one_hot: oneHotOperation,
  zeros_like: alike('ZerosLike'),
  ones_like: alike('OnesLike'),
  identity: firstOperand,
  stop_gradient: firstOperand,
  copy: firstOperand,
  convert_to_tensor: (operation) => (operation.setting('dtype') ? casted(operation) : firstOperand(operation)),
};
