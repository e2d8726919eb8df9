import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeTensor, type Tensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import { CannotPlan } from '../../lib/plans/cannot-plan.js';
import { cells, type RecurrentAttributes } from '../../lib/runtime/recurrent/recurrent-node.js';
import { createRecurrentLayer, type RecurrentWeights } from '../../lib/runtime/recurrent/run-recurrent.js';
import { anyAttributes } from '../runtime/recurrent/any-attributes.js';
import { numbers } from '../runtime/recurrent/numbers.js';
import { reference } from '../runtime/recurrent/reference.js';
import { graphOf, openPlanned } from './planned-graph.js';

/** A layer's node, with all of its weights. */
function layerGraph(attributes: RecurrentAttributes, weights: RecurrentWeights, given: readonly Tensor[]) {
  const { cell, useBias, resetAfter } = attributes;
  const { features, units, gates, kernel, recurrentKernel, bias, recurrentBias } = weights;
  const columns = gates * units;
  const biases = [...(bias ?? []), ...(recurrentBias ?? [])];
  return graphOf(given, (builder, [x, ...others]) => {
    const constants = [
      makeTensor('FP32', [features, columns], kernel),
      makeTensor('FP32', [units, columns], recurrentKernel),
      ...(useBias ? [makeTensor('FP32', resetAfter ? [2, columns] : [columns], Float32Array.from(biases))] : []),
    ].map((tensor) => builder.constant(tensor, 'weight'));
    const yields = new Array<{ datatype: 'FP32'; shape: number[] }>(1 + cells[cell].states).fill({
      datatype: 'FP32',
      shape: [],
    });
    return builder.nodes(
      'ModeletRecurrent',
      x === undefined ? [] : [x, ...constants, ...others],
      {
        cell: attribute.text(cell),
        activation: attribute.text(attributes.activation),
        recurrent_activation: attribute.text(attributes.recurrentActivation),
        use_bias: attribute.flag(useBias),
        reset_after: attribute.flag(resetAfter),
        masked: attribute.flag(attributes.masked),
        go_backwards: attribute.flag(attributes.goBackwards),
        return_sequences: attribute.flag(attributes.returnSequences),
        zero_output_for_mask: attribute.flag(attributes.zeroOutputForMask),
        states: attribute.int(attributes.initialStates ? cells[cell].states : 0),
      },
      yields,
    );
  });
}

const anySizes = fc.record({
  features: fc.integer({ min: 1, max: 9 }),
  units: fc.integer({ min: 1, max: 11 }),
  batches: fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 2,
    maxLength: 2,
  }),
});

test('layers of every kind answer as float64 does, and as the layer that TF.js runs', () =>
  fc.assert(
    fc.asyncProperty(anyAttributes, anySizes, async (drawn, { features, units, batches }) => {
      const attributes = { ...drawn, resetAfter: drawn.resetAfter && drawn.cell === 'gru' };
      const { gates, states } = cells[attributes.cell];
      const columns = gates * units;
      const weights: RecurrentWeights = {
        ...{ features, units, gates },
        kernel: numbers(features * columns, 1),
        recurrentKernel: numbers(units * columns, 2, 0.4),
        bias: attributes.useBias ? numbers(columns, 3) : undefined,
        recurrentBias: attributes.useBias && attributes.resetAfter ? numbers(columns, 4) : undefined,
      };
      const calls = batches.map(([batch, time]) => ({
        ...{ batch, time },
        x: numbers(batch * time * features, 6),
        mask: attributes.masked
          ? Uint8Array.from(numbers(batch * time, 5), (value) => Number(value > -0.3))
          : undefined,
        states: Array.from({ length: attributes.initialStates ? states : 0 }, (_, index) =>
          numbers(batch * units, 7 + index),
        ),
      }));
      const inputs = calls.map(({ x, batch, time, mask, states }) => [
        makeTensor('FP32', [batch, time, features], x),
        ...(mask === undefined ? [] : [makeTensor('BOOL', [batch, time], mask)]),
        ...states.map((state) => makeTensor('FP32', [batch, units], state)),
      ]);
      const run = await openPlanned(layerGraph(attributes, weights, inputs[0] ?? []));
      const layer = createRecurrentLayer(attributes, weights);
      for (const [index, call] of [...calls, ...calls].entries()) {
        const [output, ...last] = run(inputs[index % calls.length] ?? []);
        const wanted = reference(attributes, weights, call);
        const served = layer(call);
        expectClose(output, wanted.output);
        expectClose(output, [...served.output]);
        for (const [state, value] of last.entries()) {
          expectClose(value, wanted.states[state] ?? []);
          expectClose(value, [...(served.states[state] ?? [])]);
        }
      }
    }),
    { numRuns: 150 },
  ));

test('an activation that the kernel does not have is left to TF.js', async () => {
  const weights = { features: 1, units: 1, gates: 1, kernel: numbers(1, 1), recurrentKernel: numbers(1, 2) };
  const x = makeTensor('FP32', [1, 2, 1], numbers(2, 3));
  const attributes: RecurrentAttributes = {
    ...{ cell: 'simple_rnn', activation: 'mish', recurrentActivation: 'linear' },
    ...{ useBias: false, resetAfter: false, goBackwards: false, masked: false, zeroOutputForMask: false },
    ...{ returnSequences: false, initialStates: false },
  };
  const run = await openPlanned(layerGraph(attributes, { ...weights, bias: undefined, recurrentBias: undefined }, [x]));
  expect(() => run([x])).toThrow(CannotPlan);
});

function expectClose(actual: Tensor | undefined, expected: readonly number[]): void {
  expect(actual?.data).toHaveLength(expected.length);
  const worst = expected.reduce(
    (most, value, index) =>
      Math.max(most, Math.abs(Number(actual?.data[index]) - value) / Math.max(1, Math.abs(value))),
    0,
  );
  expect(worst).toBeLessThan(1e-5);
}
