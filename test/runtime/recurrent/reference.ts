import type { RecurrentAttributes } from '../../../lib/runtime/recurrent/recurrent-node.js';
import type { RecurrentWeights, Sequences } from '../../../lib/runtime/recurrent/run-recurrent.js';

type Vector = readonly number[];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const functions: Record<string, (x: number) => number> = {
  sigmoid,
  tanh: Math.tanh,
  linear: (x) => x,
  relu: (x) => (x > 0 ? x : 0),
  hard_sigmoid_02: (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
  softsign: (x) => x / (1 + Math.abs(x)),
};

/** Keras' cells and loop as they are written down, one number after the other in float64. */
export function reference(attributes: RecurrentAttributes, weights: RecurrentWeights, sequences: Sequences) {
  const { cell, goBackwards, returnSequences, zeroOutputForMask, resetAfter } = attributes;
  const { units, gates, features } = weights;
  const { batch, time, mask, x } = sequences;
  const act = functions[attributes.activation] as (x: number) => number;
  const rec = functions[attributes.recurrentActivation] as (x: number) => number;
  const columns = gates * units;
  const product = (vector: Vector, kernel: Float32Array, bias: Float32Array | undefined): Vector =>
    Array.from({ length: columns }, (_, column) =>
      vector.reduce((sum, value, k) => sum + value * (kernel[k * columns + column] as number), bias?.[column] ?? 0),
    );
  const gate = (all: Vector, index: number): Vector => all.slice(index * units, (index + 1) * units);
  const combine = (compute: (...values: number[]) => number, ...vectors: Vector[]): Vector =>
    Array.from({ length: units }, (_, unit) => compute(...vectors.map((vector) => vector[unit] as number)));

  const step = (input: Vector, [h = [], c = []]: readonly Vector[]): readonly Vector[] => {
    const xz = product(input, weights.kernel, weights.bias);
    const hz = product(h, weights.recurrentKernel, weights.recurrentBias);
    const z = (index: number) => combine((a, b) => a + b, gate(xz, index), gate(hz, index));
    if (cell === 'simple_rnn') return [z(0).map(act)];
    if (cell === 'lstm') {
      const next = combine((i, f, g, old) => rec(f) * old + rec(i) * act(g), z(0), z(1), z(2), c);
      return [combine((o, state) => rec(o) * act(state), z(3), next), next];
    }
    const update = z(0).map(rec);
    const reset = z(1).map(rec);
    const inner = resetAfter
      ? combine((r, value) => r * value, reset, gate(hz, 2))
      : gate(
          product(
            combine((r, value) => r * value, reset, h),
            weights.recurrentKernel,
            undefined,
          ),
          2,
        );
    const candidate = combine((a, b) => act(a + b), gate(xz, 2), inner);
    return [combine((u, old, value) => u * old + (1 - u) * value, update, h, candidate)];
  };

  const outputs: number[] = [];
  const finals: number[][] = Array.from({ length: cell === 'lstm' ? 2 : 1 }, () => []);
  for (let row = 0; row < batch; row++) {
    let states: readonly Vector[] = finals.map((_, index) =>
      Array.from({ length: units }, (_, unit) => sequences.states[index]?.[row * units + unit] ?? 0),
    );
    const zeros: Vector = Array(units).fill(0);
    let output = zeros;
    for (let index = 0; index < time; index++) {
      const at = row * time + (goBackwards ? time - 1 - index : index);
      if (mask === undefined || mask[at] !== 0) {
        states = step([...x.subarray(at * features, (at + 1) * features)], states);
        output = states[0] as Vector;
      } else if (zeroOutputForMask) output = zeros;
      if (returnSequences) outputs.push(...output);
    }
    if (!returnSequences) outputs.push(...output);
    finals.forEach((final, index) => {
      final.push(...(states[index] as Vector));
    });
  }
  return { output: outputs, states: finals };
}
