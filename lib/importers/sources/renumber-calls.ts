import type { LayerNode, ModelNode, NodeArgument, TensorKey } from './layer-node.js';

type Outputs = ModelNode['outputs'];

/**
 * Counts calls of nested models from 0, as those of other layers. For Keras a model's own making is its call 0, which files
 * don't list: Keras 1 and 2 count it in every reference, Keras 3 only in `output_layers`, and there not for a Sequential.
 * Writers that never counted it (TF.js) are known by a reference to call 0.
 */
export function renumberCalls(
  layers: readonly LayerNode[],
  outputs: Outputs,
  major: number,
): { readonly layers: LayerNode[]; readonly outputs: Outputs } {
  const nested = layers.filter(({ model }) => model !== undefined);
  const inputs = layers.flatMap(({ calls }) => calls).flatMap(({ args, kwargs }) => [...args, ...kwargs.values()]);
  const inside = inputs.flatMap(tensorsOf);
  const ends = outputs.map(({ key }) => key);
  const counted = (names: readonly LayerNode[], keys: readonly TensorKey[]) =>
    new Set(
      names.map(({ name }) => name).filter((name) => !keys.some(({ layer, call }) => layer === name && call === 0)),
    );
  const later = major >= 3;
  const inCalls = later ? new Set<string>() : counted(nested, [...inside, ...ends]);
  const inEnds = later
    ? counted(
        nested.filter(({ storedClass }) => storedClass !== 'Sequential'),
        ends,
      )
    : inCalls;
  const shift = (key: TensorKey, names: ReadonlySet<string>) =>
    names.has(key.layer) ? { ...key, call: key.call - 1 } : key;
  const inArgument = (argument: NodeArgument): NodeArgument => {
    if (argument.kind === 'tensor') return { kind: 'tensor', key: shift(argument.key, inCalls) };
    return argument.kind === 'list' ? { kind: 'list', items: argument.items.map(inArgument) } : argument;
  };
  return {
    layers: layers.map((layer) => ({
      ...layer,
      calls: layer.calls.map(({ args, kwargs }) => ({
        args: args.map(inArgument),
        kwargs: new Map([...kwargs].map(([name, argument]) => [name, inArgument(argument)])),
      })),
    })),
    outputs: outputs.map(({ name, key }) => ({ name, key: shift(key, inEnds) })),
  };
}

export function tensorsOf(argument: NodeArgument): TensorKey[] {
  if (argument.kind === 'tensor') return [argument.key];
  return argument.kind === 'list' ? argument.items.flatMap(tensorsOf) : [];
}
