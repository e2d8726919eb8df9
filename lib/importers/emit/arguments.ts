import type { GraphValue } from '../graph/graph-builder.js';
import { refused } from '../keras/read-layer.js';
import type { Resolved } from '../keras/walk.js';
import type { EmitCall } from './emit.js';

/** An argument by its name in Keras, or by its position where it was passed so. */
export function argument(call: EmitCall, name: string, position = -1): Resolved<GraphValue> | undefined {
  return call.kwargs[name] ?? call.args[position];
}

/** An argument that is a value; none is undefined. @throws INVALID_INPUT for something else */
export function valueArgument(call: EmitCall, name: string, position = -1): GraphValue | undefined {
  const given = argument(call, name, position);
  if (given === undefined || (given.kind === 'constant' && given.value === null)) return undefined;
  if (given.kind !== 'value') throw refused(call.layer, `its argument '${name}' should be a value of the model`);
  return given.value;
}

/** An argument that is true or false; false where it isn't given. */
export function flagArgument(call: EmitCall, name: string): boolean {
  const given = argument(call, name);
  return given?.kind === 'constant' && given.value === true;
}

/** The masks that a call was given, else those which its inputs bring. */
export function masksOf(call: EmitCall): readonly (GraphValue | undefined)[] {
  const given = argument(call, 'mask');
  if (given?.kind === 'value') return [given.value];
  if (given?.kind === 'list') return given.items.map((item) => (item.kind === 'value' ? item.value : undefined));
  return call.inputs.map(({ mask }) => mask);
}
