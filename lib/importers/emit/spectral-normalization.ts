import { refused } from '../keras/read-layer.js';
import { type Emitter, emitCall } from './emit.js';

/** Training normalises the inner layer's kernel in place; a prediction is that layer's. */
const emitSpectralNormalization: Emitter = (graph, call) => {
  const inner = call.layer.children.get('layer');
  if (inner === undefined) throw refused(call.layer, 'there is no layer in it');
  return emitCall(graph, { ...call, layer: inner });
};

export const spectralNormalization: Readonly<Record<string, Emitter>> = {
  SpectralNormalization: emitSpectralNormalization,
};
