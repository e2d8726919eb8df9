import * as attribute from '../graph/attributes.js';
import { cast } from '../graph/ops/elementwise.js';
import { refused } from '../keras/read-layer.js';
import type { Emitter } from './emit.js';
import { readCall, readLoop } from './recurrent-call.js';
import { readCell } from './recurrent-cells.js';
import { asTruth } from './score-masks.js';

/** One node `ModeletRecurrent`. A mask goes on with a sequence and ends with a last output: Keras' `RNN.compute_mask`. */
const emitRecurrent: Emitter = (graph, call) => {
  const { layer } = call;
  const loop = readLoop(layer);
  const cell = readCell(layer);
  const { x, states, mask, handedOn } = readCall(call);
  const [batch, time, features] = x.shape;
  const wanted = cell.kernel.shape[0];
  if (batch === undefined || time === undefined || x.shape.length !== 3 || (features !== wanted && features !== -1)) {
    throw refused(layer, `its input is [${x.shape}], where [batch, time, ${wanted}] is expected`);
  }
  if (states.length > 0 && states.length !== cell.states) {
    throw refused(layer, `it is called with ${states.length} initial states, where ${cell.states} are expected`);
  }
  if (mask !== undefined && mask.shape.length !== 2) {
    throw refused(layer, `its mask is [${mask.shape}], where [batch, time] is expected`);
  }

  const inputs = [
    cast(graph, x, 'FP32'),
    graph.constant(cell.kernel, 'kernel'),
    graph.constant(cell.recurrentKernel, 'recurrent_kernel'),
    ...(cell.bias === undefined ? [] : [graph.constant(cell.bias, 'bias')]),
    ...(mask === undefined ? [] : [asTruth(graph, mask)]),
    ...states.map((state) => cast(graph, state, 'FP32')),
  ];
  const attributes = {
    cell: attribute.text(cell.kind),
    activation: attribute.text(cell.activation),
    ...(cell.recurrentActivation && { recurrent_activation: attribute.text(cell.recurrentActivation) }),
    use_bias: attribute.flag(cell.bias !== undefined),
    reset_after: attribute.flag(cell.resetAfter),
    go_backwards: attribute.flag(loop.go_backwards),
    masked: attribute.flag(mask !== undefined),
    zero_output_for_mask: attribute.flag(loop.zero_output_for_mask),
    return_sequences: attribute.flag(loop.return_sequences),
    states: attribute.int(states.length),
  };
  const state = { datatype: 'FP32' as const, shape: [batch, cell.units] };
  const sequence = { ...state, shape: [batch, time, cell.units] };
  const [output, ...finals] = graph.nodes('ModeletRecurrent', inputs, attributes, [
    loop.return_sequences ? sequence : state,
    ...Array.from({ length: cell.states }, () => state),
  ]);
  if (output === undefined) throw new RangeError('a node without output');
  return [
    { ...output, mask: loop.return_sequences ? handedOn : undefined },
    ...(loop.return_state ? finals.map((final) => ({ ...final, mask: undefined })) : []),
  ];
};

export const recurrent: Readonly<Record<string, Emitter>> = {
  LSTM: emitRecurrent,
  GRU: emitRecurrent,
  SimpleRNN: emitRecurrent,
};
