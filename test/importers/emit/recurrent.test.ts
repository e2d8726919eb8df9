import { describe, expect, test } from '@jest/globals';
import { makeTensor, type Tensor } from '../../../lib/core/tensor.js';
import { emitModel } from '../../../lib/importers/emit/emit.js';
import type { Argument, KerasLayer, KerasModel } from '../../../lib/importers/keras/keras-model.js';
import type { RecurrentAttributes } from '../../../lib/runtime/recurrent/recurrent-node.js';
import { reference } from '../../runtime/recurrent/reference.js';
import { runGraph } from '../run-graph.js';
import { input, layer, list, model, numbers, result, use } from './agreement.js';

const [batch, time, features, units] = [2, 5, 4, 3];
const x = numbers([batch, time, features], 1);
const gates = { LSTM: 4, GRU: 3, SimpleRNN: 1 } as const;
type Kind = keyof typeof gates;

const defaults = { units, activation: 'tanh', recurrent_activation: 'sigmoid', use_bias: true };

function recurrentLayer(
  kind: Kind,
  config: Readonly<Record<string, unknown>> = {},
  inputs: number = features,
): KerasLayer {
  const columns = gates[kind] * units;
  const bias = config.reset_after === true ? [2, columns] : [columns];
  const weights = { kernel: [inputs, columns], recurrent_kernel: [units, columns], bias };
  return layer(kind, { ...defaults, ...config }, weights);
}

interface Given {
  readonly x: Tensor;
  readonly mask?: Uint8Array;
  readonly states?: readonly Tensor[];
}

/** What Keras' definition says for a layer: its output and final states. */
function expected({ className, config, weights }: KerasLayer, given: Given) {
  const data = (tensor: Tensor | undefined) => (tensor as Tensor).data as Float32Array;
  const kind = className as Kind;
  const bias = data(weights.get('bias'));
  const columns = gates[kind] * units;
  const attributes: RecurrentAttributes = {
    cell: ({ LSTM: 'lstm', GRU: 'gru', SimpleRNN: 'simple_rnn' } as const)[kind],
    activation: config.activation as 'tanh',
    recurrentActivation: config.recurrent_activation as 'sigmoid',
    useBias: true,
    resetAfter: config.reset_after === true,
    goBackwards: config.go_backwards === true,
    masked: given.mask !== undefined,
    zeroOutputForMask: config.zero_output_for_mask === true,
    returnSequences: config.return_sequences === true,
    initialStates: given.states !== undefined,
  };
  const [rows = 0, steps = 0, width = 0] = given.x.shape;
  const { output, states } = reference(
    attributes,
    {
      features: width,
      units,
      gates: gates[kind],
      kernel: data(weights.get('kernel')),
      recurrentKernel: data(weights.get('recurrent_kernel')),
      bias: bias.subarray(0, columns),
      recurrentBias: attributes.resetAfter ? bias.subarray(columns) : undefined,
    },
    { x: data(given.x), batch: rows, time: steps, mask: given.mask, states: (given.states ?? []).map(data) },
  );
  const shape = attributes.returnSequences ? [rows, steps, units] : [rows, units];
  return [tensor(shape, output), ...states.map((state) => tensor([rows, units], state))];
}

const tensor = (shape: readonly number[], values: readonly number[]) =>
  makeTensor('FP32', shape, Float32Array.from(values));

async function run(described: KerasModel, ...inputs: Tensor[]): Promise<Tensor[]> {
  return runGraph(emitModel(described), inputs, 'wasm');
}

function expectClose(actual: Tensor | undefined, wanted: Tensor | undefined): void {
  expect(actual?.shape).toEqual(wanted?.shape);
  wanted?.data.forEach((value, index) => {
    expect(Math.abs(value - (actual?.data[index] as number))).toBeLessThan(2e-6);
  });
}

/** Keras takes a mask of any type: what isn't 0 counts. */
const mask = Uint8Array.from(numbers([batch, time], 9).data, (value) => Number(value > 0));
const maskNumbers = tensor([batch, time], [...mask]);
const masked: Readonly<Record<string, Argument>> = { mask: input(1) };

describe('recurrent layers', () => {
  test.each<[Kind, Record<string, unknown>]>([
    ['LSTM', {}],
    ['LSTM', { return_sequences: true, go_backwards: true }],
    ['LSTM', { activation: 'softsign', recurrent_activation: 'hard_sigmoid_02' }],
    ['GRU', {}],
    ['GRU', { reset_after: true, return_sequences: true }],
    ['SimpleRNN', { activation: 'relu', recurrent_activation: undefined }],
  ])('%s %j, all outputs, with and without a mask', async (kind, config) => {
    const used = recurrentLayer(kind, { ...config, return_state: true });
    const outputs = kind === 'LSTM' ? 3 : 2;
    const plain = await run(model([x], [use(used)], { outputs, shapes: [[-1, -1, features]] }), x);
    for (const [index, value] of expected(used, { x }).entries()) expectClose(plain[index], value);
    const calls = [use(used, [input(0)], masked)];
    const skipping = await run(model([x, maskNumbers], calls, { outputs }), x, maskNumbers);
    for (const [index, value] of expected(used, { x, mask }).entries()) expectClose(skipping[index], value);
  });

  test.each([
    ['2.15.0', 'skips masked steps', mask],
    ['3.15.1', 'skips none, though the mask goes on', undefined],
  ])('given initial states, a layer of Keras %s %s', async (kerasVersion, _what, skipped) => {
    const zeroed = x.data.map((value, at) => value * (mask[Math.floor(at / features)] as number)) as Float32Array;
    const padded = makeTensor('FP32', x.shape, zeroed);
    const used = recurrentLayer('LSTM', { return_sequences: true });
    const after = recurrentLayer('GRU', {}, units);
    const states = [numbers([batch, units], 5), numbers([batch, units], 6)];
    const calls = [
      use(layer('Masking', { mask_value: 0 }), [input(0)]),
      use(used, [result(0)], { initial_state: list(input(1), input(2)) }),
      use(after, [result(1)]),
    ];
    const [output] = await run(model([padded, ...states], calls, { kerasVersion }), padded, ...states);
    const between = expected(used, { x: padded, states, ...(skipped && { mask: skipped }) })[0] as Tensor;
    expectClose(output, expected(after, { x: between, mask })[0]);
  });

  test.each<[string, KerasLayer, RegExp]>([
    ['state between requests', recurrentLayer('GRU', { stateful: true }), /stateful.*set stateful=False/],
    ['time first', recurrentLayer('GRU', { time_major: true }), /time_major/],
    ['activations across units', recurrentLayer('GRU', { activation: 'softmax' }), /"softmax" is no activation/],
    [
      'activations with settings',
      recurrentLayer('GRU', { activation: { class_name: 'ReLU', config: {} } }),
      /Object is no activation/,
    ],
    ['weights of another size', recurrentLayer('LSTM', { units: 4 }), /'kernel' is \[4,12\], where \[-1,16\]/],
    ['another input', recurrentLayer('LSTM', {}, 7), /input is \[-1,5,4\]/],
  ])('refuses %s', (_what, used, message) => {
    expect(() => emitModel(model([x], [use(used)]))).toThrow(message);
  });
});

describe('Bidirectional', () => {
  const wrap = (forward: KerasLayer, mode: string | null): KerasLayer => ({
    ...layer('Bidirectional', { merge_mode: mode }),
    children: new Map([
      ['forward', forward],
      ['backward', { ...forward, weights: new Map(forward.weights).set('bias', numbers([4 * units], 99)) }],
    ]),
  });

  test.each([
    ['concat', true],
    ['concat', false],
    ['sum', true],
    ['mul', true],
    ['ave', false],
    [null, true],
  ])('%s, sequences: %s, masked steps are zeros in a sequence', async (mode, sequences) => {
    const forward = recurrentLayer('LSTM', { return_sequences: sequences, return_state: true });
    const both = wrap(forward, mode);
    const outputs = mode === null ? 6 : 5;
    const described = model([x, maskNumbers], [use(both, [input(0)], masked)], { outputs });
    const actual = await run(described, x, maskNumbers);
    const zeroing = (used: KerasLayer, more = {}): KerasLayer => ({
      ...used,
      config: { ...used.config, zero_output_for_mask: sequences, ...more },
    });
    const there = expected(zeroing(forward), { x, mask });
    const back = expected(zeroing(both.children.get('backward') as KerasLayer, { go_backwards: true }), { x, mask });
    const [ahead, returning] = [there[0] as Tensor, sequences ? turned(back[0] as Tensor) : (back[0] as Tensor)];
    const states = [...there.slice(1), ...back.slice(1)];
    const wanted = mode === null ? [ahead, returning] : [merged(mode, ahead, returning)];
    for (const [index, value] of [...wanted, ...states].entries()) expectClose(actual[index], value);
  });

  test('the first half of the states is the forward layer’s', async () => {
    const both = wrap(recurrentLayer('LSTM'), 'concat');
    const states = [5, 6, 7, 8].map((seed) => numbers([batch, units], seed));
    const call = use(both, [input(0)], { initial_state: list(input(1), input(2), input(3), input(4)) });
    const [actual] = await run(model([x, ...states], [call]), x, ...states);
    const there = expected(recurrentLayer('LSTM'), { x, states: states.slice(0, 2) })[0] as Tensor;
    const backward = both.children.get('backward') as KerasLayer;
    const backwards = { ...backward, config: { ...backward.config, go_backwards: true } };
    const back = expected(backwards, { x, states: states.slice(2) })[0] as Tensor;
    expectClose(actual, merged('concat', there, back));
  });
});

describe('TimeDistributed', () => {
  const inner = recurrentLayer('GRU', { return_sequences: true });
  const wrapped: KerasLayer = { ...layer('TimeDistributed'), children: new Map([['layer', inner]]) };

  test.each([[[-1, 3, time, features]], [[-1, -1, time, features]], [[-1, -1, -1, features]]])(
    'a layer for each step, where %j is known',
    async (shape) => {
      const films = numbers([batch, 3, time, features], 4);
      const [actual] = await run(model([films], [use(wrapped)], { shapes: [shape] }), films);
      const folded = makeTensor('FP32', [batch * 3, time, features], films.data);
      const wanted = expected(inner, { x: folded })[0] as Tensor;
      expectClose(actual, makeTensor('FP32', [batch, 3, time, units], wanted.data));
    },
  );

  test('hands the mask of its steps on', async () => {
    const dense = layer('Dense', { use_bias: false, activation: 'linear' }, { kernel: [features, features] });
    const each: KerasLayer = { ...layer('TimeDistributed'), children: new Map([['layer', dense]]) };
    const after = recurrentLayer('GRU');
    const calls = [use(each, [input(0)], masked), use(after, [result(0)])];
    const [actual] = await run(model([x, maskNumbers], calls), x, maskNumbers);
    const [alone] = await run(model([x], [use(each)]), x);
    expectClose(actual, expected(after, { x: alone as Tensor, mask })[0]);
  });

  test('refuses a mask that the layer in it would have to take', () => {
    const films = numbers([batch, time, 3, features], 4);
    const calls = [use(wrapped, [input(0)], masked)];
    expect(() => emitModel(model([films, maskNumbers], calls))).toThrow(/steps of its input are masked/);
  });
});

function turned({ shape, data }: Tensor): Tensor {
  const rows = Array.from({ length: batch }, (_, row) =>
    Array.from({ length: time }, (_, step) => {
      const at = (row * time + time - 1 - step) * units;
      return [...data.slice(at, at + units)];
    }),
  );
  return tensor(shape, rows.flat(2));
}

function merged(mode: string, a: Tensor, b: Tensor): Tensor {
  if (mode === 'concat') {
    const rows = Array.from({ length: a.data.length / units }, (_, row) =>
      [a, b].flatMap(({ data }) => [...data.slice(row * units, (row + 1) * units)]),
    );
    return tensor([...a.shape.slice(0, -1), 2 * units], rows.flat());
  }
  const combine = { sum: (p: number, q: number) => p + q, mul: (p: number, q: number) => p * q }[mode];
  const ave = (p: number, q: number) => (p + q) / 2;
  return tensor(
    a.shape,
    Array.from(a.data, (value, at) => (combine ?? ave)(value, b.data[at] as number)),
  );
}
