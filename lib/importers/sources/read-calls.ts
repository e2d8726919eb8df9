import { badSource } from './bad-source.js';
import { asArray, asCount, asText, isObject, type Json } from './json.js';
import type { NodeArgument, NodeCall, TensorKey } from './layer-node.js';

/**
 * A functional model's `inbound_nodes` of one layer: how it is called.
 *
 * Keras 3 writes `{ args, kwargs }` with `__keras_tensor__` objects; Keras 1 and 2 write a list of `[layer, call, tensor,
 * kwargs]`, or a single one bare, and tensors inside kwargs as `[layer, call, tensor]`.
 * @param names the model's layers, to tell a tensor from a list of text and numbers
 */
export function readCalls(layer: string, inbound: unknown, names: ReadonlySet<string>): NodeCall[] {
  if (inbound === undefined || inbound === null) return [];
  const what = `inbound_nodes of the layer '${layer}'`;
  const calls = asArray(inbound, what).map((node) => {
    if (isObject(node) && 'args' in node) return readKeras3Call(node, what);
    // Inputs given by name to a model inside.
    const entries = isObject(node) ? inKeyOrder(node) : asArray(node, what);
    return readKeras2Call(entries, what, names);
  });
  for (const { kwargs } of calls) {
    const training = kwargs.get('training');
    if (training?.kind === 'constant' && training.value === true) {
      throw badSource(`the layer '${layer}' is called with training=True`, 'save the model with calls for inference');
    }
  }
  return calls;
}

function readKeras3Call(node: Json, what: string): NodeCall {
  // `predict` overrides `training` in Keras 3 (in Keras 2 it doesn't), whose image layers write it into every call.
  const { training: _overridden, ...kwargs } = isObject(node.kwargs) ? node.kwargs : {};
  return {
    args: asArray(node.args, what).map((argument) => readArgument(argument, what)),
    kwargs: namedArguments(Object.entries(kwargs).map(([name, value]) => [name, readArgument(value, what)])),
  };
}

function readKeras2Call(node: readonly unknown[], what: string, names: ReadonlySet<string>): NodeCall {
  // Operations keep their input's structure: a single tensor stands there bare.
  const entries = typeof node[0] === 'string' ? [node] : node.map((entry) => asArray(entry, what));
  const inputs = entries.map((entry) => readEntry(entry, what, names));
  const kwargs =
    entries
      .map((entry) => entry[3])
      .filter(isObject)
      .at(-1) ?? {};
  const [first] = inputs;
  return {
    args: inputs.length === 1 && first !== undefined ? [first] : [{ kind: 'list', items: inputs }],
    kwargs: namedArguments(Object.entries(kwargs).map(([name, value]) => [name, readArgument(value, what, names)])),
  };
}

function readEntry(entry: readonly unknown[], what: string, names: ReadonlySet<string>): NodeArgument {
  if (entry[0] === '_CONSTANT_VALUE') return { kind: 'constant', value: plain(entry[2]) };
  if (Array.isArray(entry[0]))
    return { kind: 'list', items: entry.map((item) => readEntry(asArray(item, what), what, names)) };
  return { kind: 'tensor', key: readKey(entry, what) };
}

/** `[layer, call, tensor]` */
export function readKey(entry: readonly unknown[], what: string): TensorKey {
  return { layer: asText(entry[0], what), call: asCount(entry[1], what), tensor: asCount(entry[2], what) };
}

/** Null is what Keras takes for absent; names of operations and the mode of training say nothing about the result. */
function namedArguments(entries: readonly (readonly [string, NodeArgument])[]): Map<string, NodeArgument> {
  return new Map(
    entries.filter(([name, argument]) => {
      if (argument.kind !== 'constant') return true;
      if (isNull(argument.value) || name === 'name') return false;
      return name !== 'training' || argument.value === true;
    }),
  );
}

/** Also a list of nothing, which is the mask of several inputs without masks. */
function isNull(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length > 0 && value.every(isNull));
}

function readArgument(value: unknown, what: string, names?: ReadonlySet<string>): NodeArgument {
  if (isObject(value) && value.class_name === '__keras_tensor__') {
    const history = isObject(value.config) ? value.config.keras_history : undefined;
    return { kind: 'tensor', key: readKey(asArray(history, what), what) };
  }
  if (isObject(value) && typeof value.class_name !== 'string') {
    const items = inKeyOrder(value).map((item) => readArgument(item, what, names));
    if (items.some(({ kind }) => kind !== 'constant')) return { kind: 'list', items };
  }
  if (!Array.isArray(value)) return { kind: 'constant', value: plain(value) };
  if (names !== undefined && isKey(value, names)) return { kind: 'tensor', key: readKey(value, what) };
  const items = value.map((item) => readArgument(item, what, names));
  // A list without tensors is a setting: a shape, an axis, a slice.
  return items.every(({ kind }) => kind === 'constant')
    ? { kind: 'constant', value: plain(value) }
    : { kind: 'list', items };
}

function isKey(value: readonly unknown[], names: ReadonlySet<string>): boolean {
  const [layer, call, tensor, kwargs] = value;
  return (
    (value.length === 3 || (value.length === 4 && isObject(kwargs))) &&
    typeof layer === 'string' &&
    names.has(layer) &&
    Number.isInteger(call) &&
    Number.isInteger(tensor)
  );
}

/** The values of an object, as Keras flattens a dictionary: by its sorted keys. */
export function inKeyOrder(value: Json): unknown[] {
  return Object.keys(value)
    .sort()
    .map((key) => value[key]);
}

/** Constants without the wrapping of Keras 3: slices become `{ start, stop, step }`, `...` the text, arrays nested lists. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const config = isObject(value.config) ? value.config : {};
  if (value.class_name === '__slice__')
    return { start: plain(config.start), stop: plain(config.stop), step: plain(config.step) };
  if (value.class_name === '__ellipsis__') return '...';
  if (value.class_name === '__numpy__' || value.class_name === '__tensor__') return config.value;
  if (value.class_name === 'DTypePolicy') return config.name;
  return value;
}
