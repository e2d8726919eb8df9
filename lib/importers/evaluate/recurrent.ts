import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import { kerasMajor } from '../keras/keras-version.js';
import type { Resolved } from '../keras/walk.js';
import { type NdArray, ndArray } from './array.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { maskOf } from './masking.js';
import { readConfig } from './read-config.js';
import { type Cell, recurrentCells } from './recurrent-cells.js';
import { convLstmCell } from './recurrent-convolution.js';
import { runSteps } from './recurrent-loop.js';

/** Layers that go through time step by step. */
export const recurrent: Record<string, LayerFunction> = {
  SimpleRNN: recurrentLayer(1),
  GRU: recurrentLayer(1),
  LSTM: recurrentLayer(1),
  ConvLSTM1D: recurrentLayer(2),
  ConvLSTM2D: recurrentLayer(3),
  ConvLSTM3D: recurrentLayer(4),
};

/**
 * The last output, or with `return_sequences` all of them, in the order of computation; with `return_state` the last states behind
 * it. The mask goes with a sequence (in the input's order, also with `go_backwards`), and ends with anything else. A `stateful`
 * layer begins its first batch from zeros, as any.
 * @param features axes of a step of one example
 */
function recurrentLayer(features: number): LayerFunction {
  return (call) => {
    const { layer } = call;
    const config = readConfig(layer);
    const { x, states } = recurrentInputs(call);
    if (x.shape.length !== features + 2 || x.shape.includes(0)) {
      const must = `${features + 2} dimensions, none of them 0`;
      throw new ModeletError(
        'INVALID_INPUT',
        `layer '${layer.name}' is given ${formatShape(x.shape)}; it takes ${must}`,
      );
    }
    for (const unknown of ['time_major', 'constants']) {
      if (config.has(unknown) && layer.config[unknown] !== false) throw refused(call, unknown);
    }
    if (call.kwargs.constants !== undefined) throw refused(call, 'constants');
    const cell = cellOf(call, x);
    const mask = checkMask(call, x, stepMask(call, x, states));
    const result = runSteps(cell.step, x, startStates(call, cell, x.shape[0] ?? 1, states), {
      goBackwards: config.flag('go_backwards', false),
      mask,
      zeroOutputForMask: config.flag('zero_output_for_mask', false),
    });
    const output = config.flag('return_sequences', false)
      ? { ...result.sequence, mask: maskOf({ ...call, inputs: [x] }) }
      : result.last;
    return config.flag('return_state', false) ? [output, ...result.states] : [output];
  };
}

/**
 * What a recurrent layer, or Bidirectional, is given: x, and the initial states where there are any: as `initial_state`, or with x
 * in one list as in Keras 1 and 2.
 */
export function recurrentInputs(call: EvaluateCall): { x: NdArray; states: readonly NdArray[] } {
  const [x, ...others] = call.inputs;
  if (x === undefined) {
    throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}' is given nothing; connect its input`);
  }
  const named = call.kwargs.initial_state;
  return { x, states: named === undefined ? others : valuesOf(call, named) };
}

/**
 * Which steps count. Keras 3 looks for a mask that comes with the input only where the input is the one argument: with given states
 * there is just the mask given by name. The one that comes with the input goes on all the same.
 */
export function stepMask(call: EvaluateCall, x: NdArray, states: readonly NdArray[]): NdArray | undefined {
  const alone = states.length === 0 || kerasMajor(call.kerasVersion) === 2;
  return maskOf({ ...call, inputs: alone ? [x] : [] });
}

function valuesOf(call: EvaluateCall, argument: Resolved<NdArray>): NdArray[] {
  if (argument.kind === 'value') return [argument.value];
  if (argument.kind === 'list') return argument.items.flatMap((item) => valuesOf(call, item));
  if (argument.value === null) return [];
  throw refused(call, 'a constant initial_state');
}

function cellOf(call: EvaluateCall, x: NdArray): Cell {
  const { layer, kerasVersion } = call;
  const plain = recurrentCells[layer.className];
  if (plain !== undefined) return plain(layer, x.shape[2] ?? 1);
  const [batch = 1, , ...step] = x.shape;
  return convLstmCell(layer, ndArray([batch, ...step]), x.shape.length - 3, kerasVersion);
}

function startStates(call: EvaluateCall, cell: Cell, batch: number, given: readonly NdArray[]): readonly NdArray[] {
  const must = cell.states.map((shape) => [batch, ...shape]);
  if (given.length === 0) return must.map((shape) => ndArray(shape));
  if (given.length !== must.length || !given.every(({ shape }, i) => `${shape}` === `${must[i]}`)) {
    const [is, right] = [given.map(({ shape }) => shape), must].map((list) => list.map(formatShape).join(' and '));
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${call.layer.name}': its initial_state has shape ${is}; it must be ${right}`,
    );
  }
  return given;
}

function checkMask(call: EvaluateCall, x: NdArray, mask: NdArray | undefined): NdArray | undefined {
  if (mask === undefined || `${mask.shape}` === `${x.shape.slice(0, 2)}`) return mask;
  const [is, must] = [formatShape(mask.shape), formatShape(x.shape.slice(0, 2))];
  throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}': its mask has shape ${is}; it must be ${must}`);
}

function refused({ layer }: EvaluateCall, what: string): ModeletError {
  return new ModeletError('INVALID_INPUT', `layer '${layer.name}': ${what} can't be evaluated; leave it out`);
}
