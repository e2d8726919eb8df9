import { ModeletError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { kerasMajor } from '../keras/keras-version.js';
import type { Resolved } from '../keras/walk.js';
import { type NdArray, ndArray } from './array.js';
import { mapSlices } from './axes.js';
import { type EvaluateCall, evaluate, evaluateCall, type LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { maskOf } from './masking.js';
import { readConfig, wrongField } from './read-config.js';
import { recurrentInputs, stepMask } from './recurrent.js';

/** Layers around others. `Functional` is a whole model inside one of them. */
export const wrappers: Record<string, LayerFunction> = {
  Bidirectional: bidirectional,
  TimeDistributed: timeDistributed,
  Functional: ({ layer, inputs }) => {
    if (layer.model === undefined) throw missing(layer, 'model');
    return evaluate(layer.model, inputs);
  },
};

const merges = ['concat', 'sum', 'mul', 'ave'] as const;

/**
 * A recurrent layer forwards and one backwards over the same input and mask; a backwards sequence is turned round, and the two
 * are merged by `merge_mode` (without one both are given). Of the given states the first half is the forward layer's; the states
 * returned are the forward layer's, then the backward layer's. Keras sets `zero_output_for_mask` of both where they return
 * sequences.
 */
function bidirectional(call: EvaluateCall): NdArray[] {
  const { layer } = call;
  const { x, states } = recurrentInputs(call);
  const mask = stepMask(call, x, states);
  if (states.length % 2 !== 0) {
    throw new ModeletError(
      'INVALID_INPUT',
      `layer '${layer.name}': its initial_state has ${states.length} parts; give as many for each direction`,
    );
  }
  const masked: EvaluateCall['kwargs'] = mask === undefined ? {} : { mask: { kind: 'value', value: mask } };
  const run = (child: KerasLayer, initial: readonly NdArray[]) => {
    const sequences = readConfig(child).flag('return_sequences', false);
    const config = { ...child.config, zero_output_for_mask: sequences };
    const input = { shape: x.shape, data: x.data };
    return evaluateCall({ ...innerCall(call, { ...child, config }, input), kwargs: { ...given(initial), ...masked } });
  };
  const [forward, backward] = [childOf(layer, 'forward'), childOf(layer, 'backward')];
  const half = states.length / 2;
  const [there, ...forwardStates] = run(forward, states.slice(0, half)) as [NdArray, ...NdArray[]];
  const [back, ...backwardStates] = run(backward, states.slice(half)) as [NdArray, ...NdArray[]];
  const sequences = readConfig(forward).flag('return_sequences', false);
  const turned = sequences ? mapSlices(back, [1], (steps) => steps.reverse()) : back;
  const end = sequences ? maskOf({ ...call, inputs: [x] }) : undefined;
  const merged = layer.config.merge_mode ?? null;
  const outputs = merged === null ? [there, turned] : [merge(layer, there, turned)];
  return [...outputs.map(({ shape, data }) => ({ shape, data, mask: end })), ...forwardStates, ...backwardStates];
}

function given(states: readonly NdArray[]): EvaluateCall['kwargs'] {
  if (states.length === 0) return {};
  const items = states.map((value): Resolved<NdArray> => ({ kind: 'value', value }));
  return { initial_state: { kind: 'list', items } };
}

function merge(layer: KerasLayer, a: NdArray, b: NdArray): NdArray {
  const mode = readConfig(layer).choice('merge_mode', merges);
  const alike =
    mode === 'concat' ? `${a.shape.slice(0, -1)}` === `${b.shape.slice(0, -1)}` : `${a.shape}` === `${b.shape}`;
  if (!alike) {
    const [one, other] = [formatShape(a.shape), formatShape(b.shape)];
    throw new ModeletError('INVALID_INPUT', `layer '${layer.name}' can't merge ${one} and ${other}; make them alike`);
  }
  if (mode === 'concat') return concatLast(a, b);
  const combine = {
    sum: (x: number, y: number) => x + y,
    mul: (x: number, y: number) => x * y,
    ave: (x: number, y: number) => (x + y) / 2,
  }[mode];
  return ndArray(
    a.shape,
    a.data.map((value, i) => combine(value, b.data[i] ?? 0)),
  );
}

function concatLast(a: NdArray, b: NdArray): NdArray {
  const [left, right] = [a.shape.at(-1) ?? 1, b.shape.at(-1) ?? 1];
  const result = ndArray([...a.shape.slice(0, -1), left + right]);
  for (let row = 0; row * left < a.data.length; row++) {
    result.data.set(a.data.subarray(row * left, (row + 1) * left), row * (left + right));
    result.data.set(b.data.subarray(row * right, (row + 1) * right), row * (left + right) + left);
  }
  return result;
}

/**
 * The inner layer at each step by itself: time is folded into the batch, [batch, time, …] → [batch · time, …], and unfolded after.
 * A mask is folded likewise. Keras 3 then hands the mask on as it came; Keras 2 takes the one that the inner layer makes of it, or
 * else reduces it to [batch, time].
 */
function timeDistributed(call: EvaluateCall): NdArray[] {
  const { layer } = call;
  const x = firstInput(call);
  const [batch = 1, time = 1, ...rest] = x.shape;
  if (rest.length === 0) {
    throw new ModeletError('INVALID_INPUT', `layer '${layer.name}' is given ${formatShape(x.shape)}; it takes steps`);
  }
  const mask = maskOf(call);
  if (mask !== undefined && (mask.shape[0] !== batch || mask.shape[1] !== time)) {
    const [is, must] = [formatShape(mask.shape), formatShape([batch, time])];
    throw new ModeletError('INVALID_INPUT', `layer '${layer.name}': its mask has shape ${is}; it must be ${must}`);
  }
  const fold = ({ shape, data }: NdArray) => ndArray([batch * time, ...shape.slice(2)], data);
  const unfold = ({ shape, data }: NdArray) => ndArray([batch, time, ...shape.slice(1)], data);
  const folded = fold(x);
  const inner = innerCall(call, childOf(layer, 'layer'), mask === undefined ? folded : { ...folded, mask: fold(mask) });
  const outputs = evaluateCall(inner);
  return outputs.map((output, i) => {
    if (i > 0) return unfold(output);
    if (kerasMajor(call.kerasVersion) === 3) return { ...unfold(output), mask };
    const made = output.mask === undefined ? mask && anyOf(mask, batch * time) : unfold(output.mask);
    return { ...unfold(output), mask: made };
  });
}

/** A mask [batch, time, …] as [batch, time]: 1 where any of the rest is. */
function anyOf({ shape, data }: NdArray, steps: number): NdArray {
  const size = data.length / steps;
  const any = Float64Array.from({ length: steps }, (_, i) =>
    Number(data.subarray(i * size, (i + 1) * size).some(Boolean)),
  );
  return ndArray(shape.slice(0, 2), any);
}

function innerCall({ kerasVersion }: EvaluateCall, layer: KerasLayer, x: NdArray): EvaluateCall {
  return { layer, args: [{ kind: 'value', value: x }], kwargs: {}, inputs: [x], kerasVersion };
}

function childOf(layer: KerasLayer, role: string): KerasLayer {
  const child = layer.children.get(role);
  if (child === undefined) throw missing(layer, role);
  return child;
}

function missing(layer: KerasLayer, role: string): ModeletError {
  return wrongField(layer.name, role, 'a layer of Keras', undefined);
}
