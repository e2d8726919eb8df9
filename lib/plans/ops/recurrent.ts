import { cellActivations, cellKinds } from '../../kernels/kinds.js';
import { CannotPlan } from '../cannot-plan.js';
import type { Op, Planning } from '../op.js';
import { flagOf, type PlanNode, textOf } from '../plan-graph.js';
import type { Address, Value } from '../value.js';
import { packedGates } from './packed-gates.js';
import { cut, permuted, place, viewed, viewOf } from './view.js';

/** Gates are column blocks of the kernels, in Keras' order. */
const gatesOf = { lstm: 4, gru: 3, gruResetBefore: 3, simpleRnn: 1 } as const;
type Cell = keyof typeof gatesOf;

function cellOf(node: PlanNode): Cell {
  const cell = textOf(node, 'cell');
  if (cell === 'lstm') return 'lstm';
  if (cell === 'simple_rnn') return 'simpleRnn';
  if (cell !== 'gru') throw new CannotPlan(`a cell '${cell}'`);
  return flagOf(node, 'reset_after') ? 'gru' : 'gruResetBefore';
}

function activationOf(node: PlanNode, attribute: string): number {
  const name = textOf(node, attribute);
  const kind = (cellActivations as readonly string[]).indexOf(name);
  if (kind === -1) throw new CannotPlan(`${node.op} with ${name}`);
  return kind;
}

/** A layer, its numbers and what it is given, as docs/format.md has the inputs' order. */
function layerOf(node: PlanNode, inputs: readonly Value[]) {
  const [x, kernel, recurrentKernel, ...others] = inputs;
  const bias = flagOf(node, 'use_bias') ? others.shift() : undefined;
  const mask = flagOf(node, 'masked') ? others.shift() : undefined;
  if (x === undefined || kernel?.weight === undefined || recurrentKernel?.weight === undefined)
    throw new CannotPlan(`${node.op} with computed kernels`);
  if (flagOf(node, 'use_bias') && bias?.weight === undefined) throw new CannotPlan(`${node.op} with a computed bias`);
  const cell = cellOf(node);
  const [features, units] = [x.shape[2] as number, recurrentKernel.shape[0] as number];
  const columns = gatesOf[cell] * units;
  const sizes = [
    [kernel.shape, [features, columns]],
    [recurrentKernel.shape, [units, columns]],
    [bias?.shape, bias && (cell === 'gru' ? [2, columns] : [columns])],
    [mask?.shape, mask && x.shape.slice(0, 2)],
    ...others.map(({ shape }) => [shape, [x.shape[0] as number, units]]),
  ];
  const isComplete = others.length === 0 || others.length === (cell === 'lstm' ? 2 : 1);
  if (!isComplete || flagOf(node, 'masked') !== (mask?.datatype === 'BOOL'))
    throw new CannotPlan(`${node.op} with ${inputs.length} inputs`);
  if (x.shape.length !== 3 || sizes.some(([found, wanted]) => String(found) !== String(wanted)))
    throw new CannotPlan(`${node.op} on tensors of other sizes`);
  return {
    ...{ x, mask, cell, units, states: others, gates: gatesOf[cell], width: Math.ceil(units / 4) * 4 },
    weights: { kernel: kernel.weight, recurrent: recurrentKernel.weight, bias: bias?.weight },
  };
}

type Layer = ReturnType<typeof layerOf>;

/** The input's products of all steps, [time][batch][gates · width]: one conv2d that writes its rows in that order. */
function inputProducts(planning: Planning, { x, gates, units, width, weights }: Layer): Value {
  const [batch, time, features] = x.shape as [number, number, number];
  const row = gates * width;
  const output = planning.take('FP32', [time, batch, row]);
  const packed = packedGates(planning, weights.kernel, weights.bias, {
    ...{ depth: features, paddedDepth: features, units, width, gates, biasRow: 0 },
    taken: [0, gates],
  });
  planning.call(
    'conv2d',
    ...[planning.at(x), packed, planning.at(output), 0],
    ...[batch, 1, time, features, 1, 1, 1, 1, time * features, time * features],
    ...[row, 0, row, batch * row, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  );
  return output;
}

/** [batch, width], which the kernel moves on: zeros where nothing is given, and in the padding. */
function stateOf(planning: Planning, given: Value | undefined, batch: number, units: number, width: number): Value {
  const state = planning.take('FP32', [batch, width]);
  if (given === undefined || units < width) planning.call('fill', planning.at(state), batch * width, 0);
  const view = viewOf(state.shape);
  if (given !== undefined)
    place(planning, planning.at(given), viewOf(given.shape), planning.at(state), cut(view, 1, 0, units));
  return state;
}

function recurrentWeights(planning: Planning, { cell, units, width, gates, weights }: Layer): readonly Address[] {
  const sizes = { depth: units, paddedDepth: width, units, width, gates, biasRow: 1 };
  const pack = (from: number, to: number) =>
    packedGates(planning, weights.recurrent, cell === 'gru' ? weights.bias : undefined, {
      ...sizes,
      taken: [from, to],
    });
  return cell === 'gruResetBefore' ? [pack(0, 2), pack(2, 3)] : [pack(0, gates)];
}

const recurrent: Op = {
  emit: (node, inputs, planning) => {
    const layer = layerOf(node, inputs);
    const { x, mask, cell, units, states, gates, width } = layer;
    const [batch, time] = x.shape as [number, number, number];
    const isSequence = flagOf(node, 'return_sequences');
    const products = inputProducts(planning, layer);
    const turned = mask === undefined ? undefined : viewed(planning, mask, permuted(viewOf(mask.shape), [1, 0]));
    const h = stateOf(planning, states[0], batch, units, width);
    const c = cell === 'lstm' ? stateOf(planning, states[1], batch, units, width) : undefined;
    const [packed = 0, candidate = 0] = recurrentWeights(planning, layer);
    // A masked step's output is not its state.
    const outputs = isSequence || mask !== undefined ? planning.take('FP32', [time, batch, width]) : undefined;
    const scratch = planning.scratch(batch * (gates + 1) * width);
    const placeOf = (value: Value | undefined) => (value === undefined ? 0 : planning.at(value));
    planning.call(
      'recurrent',
      ...[cellKinds.indexOf(cell), planning.at(products), packed, candidate, planning.at(h)],
      ...[placeOf(c), scratch, placeOf(turned), placeOf(outputs)],
      ...[time, batch, width, activationOf(node, 'activation')],
      cell === 'simpleRnn' ? 0 : activationOf(node, 'recurrent_activation'),
      ...[flagOf(node, 'zero_output_for_mask'), flagOf(node, 'go_backwards')].map(Number),
    );
    const counted = (value: Value): Value => viewed(planning, value, cut(viewOf(value.shape), 1, 0, units));
    const last = [h, c].filter((value) => value !== undefined).map(counted);
    if (outputs === undefined) return [last[0] as Value, ...last];
    const all = cut(permuted(viewOf(outputs.shape), [1, 0, 2]), 2, 0, units);
    const end = cut(cut(viewOf(outputs.shape), 0, time - 1, 1), 2, 0, units);
    const output = isSequence
      ? viewed(planning, outputs, all)
      : viewed(planning, outputs, { ...end, shape: [batch, units], strides: end.strides.slice(1) });
    return [output, ...last];
  },
};

export const recurrentOps = { ModeletRecurrent: recurrent } satisfies Record<string, Op>;
