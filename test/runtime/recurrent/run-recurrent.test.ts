import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cells, type RecurrentAttributes } from '../../../lib/runtime/recurrent/recurrent-node.js';
import {
  createRecurrentLayer,
  type RecurrentWeights,
  type Sequences,
} from '../../../lib/runtime/recurrent/run-recurrent.js';
import { anyAttributes } from './any-attributes.js';
import { numbers } from './numbers.js';
import { reference } from './reference.js';

const plain: RecurrentAttributes = {
  cell: 'lstm',
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  useBias: true,
  resetAfter: false,
  goBackwards: false,
  masked: false,
  zeroOutputForMask: false,
  returnSequences: false,
  initialStates: false,
};

function weightsFor({ cell, useBias, resetAfter }: RecurrentAttributes, features: number, units: number) {
  const { gates } = cells[cell];
  const columns = gates * units;
  return {
    features,
    units,
    gates,
    kernel: numbers(features * columns, 1),
    recurrentKernel: numbers(units * columns, 2, 0.7),
    bias: useBias ? numbers(columns, 3) : undefined,
    recurrentBias: useBias && resetAfter ? numbers(columns, 4) : undefined,
  } satisfies RecurrentWeights;
}

function sequencesFor(attributes: RecurrentAttributes, batch: number, time: number, features: number, units: number) {
  const mask = numbers(batch * time, 5).map((value) => (value > -0.3 ? 1 : 0));
  const count = attributes.initialStates ? cells[attributes.cell].states : 0;
  return {
    x: numbers(batch * time * features, 6),
    batch,
    time,
    mask: attributes.masked ? mask : undefined,
    states: Array.from({ length: count }, (_, index) => numbers(batch * units, 7 + index)),
  } satisfies Sequences;
}

function expectClose(actual: Float32Array, expected: readonly number[], tolerance = 2e-6): void {
  expect(actual).toHaveLength(expected.length);
  let worst = 0;
  for (const [index, value] of expected.entries()) {
    const difference = Math.abs((actual[index] as number) - value) / Math.max(1, Math.abs(value));
    if (!(difference <= worst)) worst = difference;
  }
  expect(worst).toBeLessThanOrEqual(tolerance);
}

const small = (largest: number) => fc.integer({ min: 1, max: largest });

describe('a recurrent layer', () => {
  test('is Keras’ definition for every cell, flag and size', () => {
    fc.assert(
      fc.property(anyAttributes, small(5), fc.nat(6), small(5), small(21), (drawn, batch, time, features, units) => {
        const chosen = { ...drawn, resetAfter: drawn.resetAfter && drawn.cell === 'gru' };
        const weights = weightsFor(chosen, features, units);
        const sequences = sequencesFor(chosen, batch, time, features, units);
        const { output, states } = createRecurrentLayer(chosen, weights)(sequences);
        const expected = reference(chosen, weights, sequences);
        // An unbounded activation can grow by a factor a step, and the rounding with it.
        const tolerance = chosen.activation === 'relu' ? 1e-4 : 3e-6;
        expectClose(output, expected.output, tolerance);
        expected.states.forEach((state, index) => {
          expectClose(states[index] as Float32Array, state, tolerance);
        });
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    // More rows than a block, more steps than a piece holds.
    { batch: 67, time: 3, features: 2, units: 5 },
    { batch: 2, time: 1100, features: 65, units: 8 },
    { batch: 65, time: 12, features: 300, units: 40 },
  ])('is done piece by piece for $batch × $time × $features', ({ batch, time, features, units }) => {
    for (const cell of ['lstm', 'gru'] as const) {
      const chosen = { ...plain, cell, masked: true, goBackwards: true, initialStates: true };
      const weights = weightsFor(chosen, features, units);
      weights.kernel = weights.kernel.map((value) => value / Math.sqrt(features));
      const sequences = sequencesFor(chosen, batch, time, features, units);
      const expected = reference(chosen, weights, sequences);
      const { output, states } = createRecurrentLayer(chosen, weights)(sequences);
      expectClose(output, expected.output, 5e-6);
      expectClose(states[0] as Float32Array, expected.states[0] as number[], 5e-6);
    }
  });

  test('answers the same however often it is called, and whatever came between', () => {
    const layer = createRecurrentLayer(plain, weightsFor(plain, 3, 7));
    const sequences = sequencesFor(plain, 2, 5, 3, 7);
    const first = layer(sequences).output;
    layer(sequencesFor(plain, 64, 9, 3, 7));
    expect(layer(sequences).output).toEqual(first);
  });

  test('no steps leave the states as they were, and zeros as output', () => {
    const chosen = { ...plain, initialStates: true };
    const sequences = sequencesFor(chosen, 2, 0, 3, 4);
    const { output, states } = createRecurrentLayer(chosen, weightsFor(chosen, 3, 4))(sequences);
    expect(output).toEqual(new Float32Array(8));
    expect(states).toEqual(sequences.states);
  });

  test('no rows give no numbers', () => {
    const { output, states } = createRecurrentLayer(plain, weightsFor(plain, 3, 4))(sequencesFor(plain, 0, 5, 3, 4));
    expect([output, ...states].map(({ length }) => length)).toEqual([0, 0, 0]);
  });

  test.each(['lstm', 'gru', 'simple_rnn'] as const)('NaN in %s reaches its own row, and no other', (cell) => {
    for (const [activation, recurrentActivation] of [
      ['tanh', 'sigmoid'],
      ['relu', 'hard_sigmoid_02'],
    ] as const) {
      const chosen = { ...plain, cell, activation, recurrentActivation };
      const sequences = sequencesFor(chosen, 3, 2, 3, 6);
      sequences.x[6] = Number.NaN;
      const { output } = createRecurrentLayer(chosen, weightsFor(chosen, 3, 6))(sequences);
      expect([...output].map(Number.isNaN)).toEqual(Array.from({ length: 18 }, (_, at) => at >= 6 && at < 12));
    }
  });
});
