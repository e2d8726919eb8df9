import * as v from 'valibot';
import * as attribute from '../graph/attributes.js';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { cast } from '../graph/ops/elementwise.js';
import { reverse } from '../graph/ops/shape.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { kerasMajor } from '../keras/keras-version.js';
import { readConfig, refused } from '../keras/read-layer.js';
import type { Resolved } from '../keras/walk.js';
import { masksOf } from './arguments.js';
import type { EmitCall, Emitter } from './emit.js';
import { type RecurrentCell, readCell } from './recurrent-cells.js';
import { asTruth } from './score-masks.js';

/** Settings of the loop over time, the same for all recurrent layers; `unroll` and dropout change no result. */
const loopSchema = v.object({
  return_sequences: v.optional(v.boolean(), false),
  return_state: v.optional(v.boolean(), false),
  go_backwards: v.optional(v.boolean(), false),
  zero_output_for_mask: v.optional(v.boolean(), false),
  stateful: v.optional(v.boolean(), false),
  time_major: v.optional(v.boolean(), false),
});

/** One node `ModeletRecurrent`. A mask goes on with a sequence and ends with a last output: Keras' `RNN.compute_mask`. */
const emitRecurrent: Emitter = (graph, call) => emitCells(graph, call, [readCell(call.layer)]);

/** `RNN` around a cell, or a stack of them. */
const emitRnn: Emitter = (graph, call) => {
  const cell = call.layer.children.get('cell');
  if (cell === undefined)
    throw refused(call.layer, 'its cells are not those of Keras, or a stack of them returns its states');
  const stacked = cell.className === 'StackedRNNCells';
  if (stacked && cell.config.reverse_state_order === true) throw refused(call.layer, 'reverse_state_order');
  const cells = stacked ? [...cell.children.values()] : [cell];
  if (cells.length === 0) throw refused(call.layer, 'its stack of cells is empty');
  return emitCells(graph, call, cells.map(readCell));
};

/**
 * Cells one upon the other. A stack's step runs them all, so a masked step holds them all: as nodes in a row with one mask.
 * @returns the last one's output, then with `return_state` the final states of each in their order
 */
function emitCells(graph: GraphBuilder, call: EmitCall, cells: readonly RecurrentCell[]): readonly GraphValue[] {
  const { layer } = call;
  const loop = readLoop(layer);
  const { x, states } = splitArguments(call);
  if (states.length > 0 && states.length !== cells.reduce((sum, cell) => sum + cell.states, 0)) {
    throw refused(layer, `it is called with ${states.length} initial states`);
  }
  const { used, handedOn } = masksFor(call, states);
  const mask = used && stepMask(graph, layer, used);

  let sequence = cast(graph, x, 'FP32');
  let stepsMask = mask;
  const finals: GraphValue[] = [];
  for (const [index, cell] of cells.entries()) {
    const last = index === cells.length - 1;
    const backwards = loop.go_backwards && index === 0;
    const initial = states.slice(finals.length, finals.length + (states.length > 0 ? cell.states : 0));
    const [output, ...ends] = emitNode(graph, layer, cell, sequence, stepsMask, initial, {
      go_backwards: backwards,
      return_sequences: loop.return_sequences || !last,
      zero_output_for_mask: loop.zero_output_for_mask && last,
    });
    sequence = output as GraphValue;
    finals.push(...ends);
    // What the first one read backwards comes out in that order.
    if (backwards && stepsMask !== undefined && !last) stepsMask = reversedMask(graph, stepsMask);
  }
  const output = { ...sequence, mask: loop.return_sequences ? handedOn : undefined };
  return loop.return_state ? [output, ...finals.map((state) => ({ ...state, mask: undefined }))] : [output];
}

/** @throws INVALID_INPUT where the loop's result can't be had here */
export function readLoop(layer: KerasLayer): v.InferOutput<typeof loopSchema> {
  const loop = readConfig(layer, loopSchema);
  if (loop.stateful) {
    throw refused(
      layer,
      'it is stateful: its answer depends on earlier requests, which a function does not remember; ' +
        'set stateful=False, which keeps the weights, and save the model again',
    );
  }
  if (loop.time_major) throw refused(layer, 'it is time_major; move the batch axis to the front and save it again');
  return loop;
}

type Flags = 'go_backwards' | 'return_sequences' | 'zero_output_for_mask';

function emitNode(
  graph: GraphBuilder,
  layer: KerasLayer,
  cell: RecurrentCell,
  x: GraphValue,
  mask: GraphValue | undefined,
  initial: readonly GraphValue[],
  flags: Readonly<Record<Flags, boolean>>,
): GraphValue[] {
  const [batch, time, features] = x.shape;
  if (batch === undefined || time === undefined || x.shape.length !== 3 || features !== cell.kernel.shape[0]) {
    throw refused(layer, `its input is [${x.shape}], where [batch, time, ${cell.kernel.shape[0]}] is expected`);
  }
  const constants = [
    graph.constant(cell.kernel, 'kernel'),
    graph.constant(cell.recurrentKernel, 'recurrent_kernel'),
    ...(cell.bias === undefined ? [] : [graph.constant(cell.bias, 'bias')]),
  ];
  const attributes = {
    cell: attribute.text(cell.kind),
    activation: attribute.text(cell.activation),
    ...(cell.recurrentActivation && { recurrent_activation: attribute.text(cell.recurrentActivation) }),
    use_bias: attribute.flag(cell.bias !== undefined),
    reset_after: attribute.flag(cell.resetAfter),
    go_backwards: attribute.flag(flags.go_backwards),
    masked: attribute.flag(mask !== undefined),
    zero_output_for_mask: attribute.flag(flags.zero_output_for_mask),
    return_sequences: attribute.flag(flags.return_sequences),
    states: attribute.int(initial.length),
  };
  const state = { datatype: 'FP32' as const, shape: [batch, cell.units] };
  const output = flags.return_sequences ? { ...state, shape: [batch, time, cell.units] } : state;
  return graph.nodes(
    'ModeletRecurrent',
    [x, ...constants, ...(mask === undefined ? [] : [mask]), ...initial],
    attributes,
    [output, ...Array.from({ length: cell.states }, () => state)],
  );
}

/**
 * The sequence, and the initial states: Keras 2 lists them behind the sequence, Keras 3 names them or gives them second.
 * @throws INVALID_INPUT for other arguments
 */
export function splitArguments({ layer, args, kwargs }: EmitCall): { x: GraphValue; states: GraphValue[] } {
  const [first, second, ...others] = args;
  const valuesIn = (given: Resolved<GraphValue> | undefined): GraphValue[] => {
    if (given?.kind === 'value') return [given.value];
    if (given?.kind === 'list') return given.items.flatMap(valuesIn);
    if (given === undefined || given.value === null) return [];
    throw refused(layer, 'it is called with numbers that the file holds, which are not supported; make them an input');
  };
  const [x, ...listed] = valuesIn(first);
  if (x === undefined) throw refused(layer, 'it is called without a sequence');
  if (valuesIn(kwargs.constants).length > 0) throw refused(layer, 'its cell takes constants');
  if (others.some(({ kind }) => kind !== 'constant')) throw refused(layer, 'a mask is given by position; name it');
  return { x, states: [...listed, ...valuesIn(second), ...valuesIn(kwargs.initial_state)] };
}

/**
 * The mask that a layer works with, and the one that goes on with its sequence. Keras 3 hands a mask which its input brings to
 * layers that are called with one tensor (`Layer.__call__`, "Populate mask argument(s)"): with initial states there are more,
 * and no step is skipped.
 */
export function masksFor(
  call: EmitCall,
  states: readonly GraphValue[],
): { used: GraphValue | undefined; handedOn: GraphValue | undefined } {
  const [mask] = masksOf(call);
  const lost = call.kwargs.mask === undefined && states.length > 0 && kerasMajor(call.kerasVersion) === 3;
  return { used: lost ? undefined : mask, handedOn: mask };
}

function stepMask(graph: GraphBuilder, layer: KerasLayer, mask: GraphValue): GraphValue {
  if (mask.shape.length !== 2) throw refused(layer, `its mask is [${mask.shape}], where [batch, time] is expected`);
  return asTruth(graph, mask);
}

/** By way of numbers, because TF.js' kernels reverse no truth values on every backend. */
function reversedMask(graph: GraphBuilder, mask: GraphValue): GraphValue {
  return asTruth(graph, reverse(graph, cast(graph, mask, 'FP32'), [1]));
}

export const recurrent: Readonly<Record<string, Emitter>> = {
  LSTM: emitRecurrent,
  GRU: emitRecurrent,
  SimpleRNN: emitRecurrent,
  CuDNNLSTM: emitRecurrent,
  CuDNNGRU: emitRecurrent,
  RNN: emitRnn,
};
