import type { GraphValue } from '../graph/graph-builder.js';
import { type Dimension, dimension, reshape } from '../graph/ops/shape.js';
import { kerasMajor } from '../keras/keras-version.js';
import { refused } from '../keras/read-layer.js';
import { walk } from '../keras/walk.js';
import { masksOf } from './arguments.js';
import { type Emitter, emitCall, onlyInput } from './emit.js';

/** Layers that take a mask themselves; one for each step is not what they expect, and Keras fails there, too. */
const takesMask =
  /LSTM|GRU|RNN|Bidirectional|TimeDistributed|Attention|Softmax|GlobalAveragePooling1D|Functional|Sequential/;

/**
 * Keras' TimeDistributed: a layer for each step, [batch, time, …]. No layer mixes the examples of a batch at inference, so the
 * steps go through it as further examples. The mask of the steps goes on beside it.
 */
const emitTimeDistributed: Emitter = (graph, call) => {
  const { layer, kerasVersion } = call;
  const inner = layer.children.get('layer');
  if (inner === undefined) throw refused(layer, 'there is no layer in it');
  const x = onlyInput(call);
  if (x.shape.length < 3) throw refused(layer, `its input is [${x.shape}], where [batch, time, …] is expected`);
  const mask = masksOf(call)[0];
  if (mask !== undefined && takesMask.test(inner.className)) {
    throw refused(layer, `the steps of its input are masked, and ${inner.className} in it can't take such a mask`);
  }
  const rest = x.shape.slice(2).map((_, axis) => dimension(x, axis + 2));
  const folded = reshape(graph, x, [-1, ...rest]);
  const outputs = emitCall(graph, {
    layer: inner,
    args: [{ kind: 'value', value: folded }],
    kwargs: {},
    inputs: [folded],
    kerasVersion,
  });
  return outputs.map((output) => {
    if (output.mask !== undefined && kerasMajor(kerasVersion) === 2) {
      throw refused(layer, `${inner.className} in it makes a mask within each step; use Keras 3, or no mask there`);
    }
    const sizes: Dimension[] = output.shape.slice(1).map((_, axis) => dimension(output, axis + 1));
    return { ...reshape(graph, output, [x.shape[0] as number, dimension(x, 1), ...sizes]), mask };
  });
};

/** A whole model inside a wrapper. */
const emitInnerModel: Emitter = (graph, { layer, inputs }) => {
  const { model } = layer;
  if (model === undefined) throw refused(layer, 'what it consists of is missing');
  return walk<GraphValue>(model, inputs, (call) => emitCall(graph, call));
};

export const timeDistributed: Readonly<Record<string, Emitter>> = {
  TimeDistributed: emitTimeDistributed,
  Functional: emitInnerModel,
};
