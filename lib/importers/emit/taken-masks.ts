import type { GraphValue } from '../graph/graph-builder.js';
import { isKeras } from '../keras/keras-version.js';
import type { Resolved } from '../keras/walk.js';
import type { EmitCall } from './emit.js';

/**
 * Values whose masks a MultiHeadAttention has taken: since Keras 3.8 it deletes them from the very tensors that it is given,
 * so that layers which run later on the same tensor see none.
 */
const bare = new WeakSet<GraphValue>();

/** Remembers what a call does to its inputs. To be called once its nodes are there. */
export function takeMasks({ layer, args, kwargs, kerasVersion }: EmitCall): void {
  if (layer.className !== 'MultiHeadAttention' || !isKeras(kerasVersion, 3, 8)) return;
  for (const given of [...args, kwargs.query, kwargs.value, kwargs.key]) {
    if (given?.kind === 'value' && given.value.mask !== undefined) bare.add(given.value);
  }
}

/** The call as its layer sees it: without the masks that are gone. */
export function withMasksLeft(call: EmitCall): EmitCall {
  if (!call.inputs.some((value) => bare.has(value)) && !Object.values(call.kwargs).some(isBare)) return call;
  const kwargs = Object.fromEntries(Object.entries(call.kwargs).map(([name, given]) => [name, left(given)]));
  return { ...call, args: call.args.map(left), kwargs, inputs: call.inputs.map(leftOf) };
}

function isBare(given: Resolved<GraphValue>): boolean {
  return given.kind === 'value' ? bare.has(given.value) : given.kind === 'list' && given.items.some(isBare);
}

function left(given: Resolved<GraphValue>): Resolved<GraphValue> {
  if (given.kind === 'value') return { kind: 'value', value: leftOf(given.value) };
  return given.kind === 'list' ? { kind: 'list', items: given.items.map(left) } : given;
}

function leftOf(value: GraphValue): GraphValue {
  if (!bare.has(value)) return value;
  const { node, datatype, shape } = value;
  return { node, datatype, shape };
}
