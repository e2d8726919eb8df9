import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, scalar } from '../graph/ops/elementwise.js';
import { concat, reverse } from '../graph/ops/shape.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { type Emitter, emitCall } from './emit.js';
import { readCall } from './recurrent-call.js';

const schema = v.object({
  merge_mode: v.optional(v.nullable(v.picklist(['concat', 'sum', 'mul', 'ave'])), null),
});
const childSchema = v.object({
  return_sequences: v.optional(v.boolean(), false),
  return_state: v.optional(v.boolean(), false),
  go_backwards: v.optional(v.boolean(), false),
});

/**
 * Keras' Bidirectional: a layer forwards, one backwards, whose sequence is turned round again before the two are merged. With
 * sequences, masked steps are zeros in both, whatever the layers say. The first half of the initial states is the forward one's.
 */
const emitBidirectional: Emitter = (graph, call) => {
  const { layer, kerasVersion } = call;
  const { merge_mode: mode } = readConfig(layer, schema);
  const forward = layer.children.get('forward');
  const backward = layer.children.get('backward');
  if (forward === undefined || backward === undefined) throw refused(layer, 'it needs a forward and a backward layer');
  const direction = readConfig(forward, childSchema);
  const { x, states, mask, handedOn } = readCall(call);
  const sequence = { ...x, mask: undefined };
  const half = states.length / 2;

  const run = (child: KerasLayer, goBackwards: boolean, initial: readonly GraphValue[]): readonly GraphValue[] => {
    const config = { ...child.config, go_backwards: goBackwards, zero_output_for_mask: direction.return_sequences };
    const items = initial.map((value) => ({ kind: 'value' as const, value }));
    return emitCall(graph, {
      layer: { ...child, config },
      args: [{ kind: 'value', value: sequence }],
      kwargs: {
        ...(mask && { mask: { kind: 'value', value: mask } }),
        ...(items.length > 0 && { initial_state: { kind: 'list', items } }),
      },
      inputs: [sequence],
      kerasVersion,
    });
  };
  const [ahead, ...aheadStates] = run(forward, direction.go_backwards, states.slice(0, half));
  const [back, ...backStates] = run(backward, !direction.go_backwards, states.slice(half));
  if (ahead === undefined || back === undefined) throw refused(layer, 'the layers in it have no output');

  const turned = direction.return_sequences ? reverse(graph, back, [1]) : back;
  const outMask = direction.return_sequences ? handedOn : undefined;
  const merged = merge(graph, mode, ahead, turned).map((value) => ({ ...value, mask: outMask }));
  return [...merged, ...aheadStates, ...backStates];
};

function merge(graph: GraphBuilder, mode: string | null, ahead: GraphValue, back: GraphValue): GraphValue[] {
  if (mode === null) return [ahead, back];
  if (mode === 'concat') return [concat(graph, [ahead, back], -1)];
  if (mode === 'mul') return [arithmetic(graph, 'Mul', ahead, back)];
  const sum = arithmetic(graph, 'AddV2', ahead, back);
  return [mode === 'ave' ? arithmetic(graph, 'Mul', sum, scalar(graph, 0.5)) : sum];
}

export const bidirectional: Readonly<Record<string, Emitter>> = { Bidirectional: emitBidirectional };
