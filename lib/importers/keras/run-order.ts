import type { Argument, KerasCall, KerasModel, ValueRef } from './keras-model.js';

/**
 * The numbers of the calls that the outputs need, in the order in which Keras 3 runs them (`map_graph` in keras/src/ops/function.py):
 * those farthest from an output first, and at the same distance as a search from the last output meets them. It matters where
 * a layer changes what others see: MultiHeadAttention takes the masks off its inputs.
 */
export function runOrder(model: KerasModel): number[] {
  const depths = new Map<number, number>();
  const layerDepths = new Map<KerasCall['layer'], number>();
  for (const call of argumentsFirst(model).reverse()) {
    const { layer } = model.calls[call] as KerasCall;
    // All uses of a layer are at least as far away as those met before.
    const depth = Math.max(depths.get(call) ?? 0, layerDepths.get(layer) ?? 0);
    layerDepths.set(layer, depth);
    depths.set(call, depth);
    for (const needed of neededBy(model, call)) depths.set(needed, Math.max(depth + 1, depths.get(needed) ?? 0));
  }
  // Sorting is stable: the order in which the map got its keys decides between equals.
  return [...depths].sort(([, a], [, b]) => b - a).map(([call]) => call);
}

/** Depth first from each output, without recursion: models may be thousands of layers deep. */
function argumentsFirst(model: KerasModel): number[] {
  const done = new Set<number>();
  const pending = model.outputs.flatMap(({ value }) => callOf(value)).reverse();
  for (let call = pending.at(-1); call !== undefined; call = pending.at(-1)) {
    const waiting = done.has(call) ? [] : neededBy(model, call).filter((needed) => !done.has(needed));
    if (waiting.length === 0) {
      pending.pop();
      done.add(call);
    } else pending.push(...waiting.reverse());
  }
  return [...done];
}

function neededBy({ calls }: KerasModel, call: number): number[] {
  const { args, kwargs } = calls[call] as KerasCall;
  return [...args, ...Object.values(kwargs)].flatMap(refsOf).flatMap(callOf);
}

function refsOf(argument: Argument): ValueRef[] {
  if (argument.kind === 'value') return [argument.ref];
  return argument.kind === 'list' ? argument.items.flatMap(refsOf) : [];
}

function callOf(ref: ValueRef): number[] {
  return 'call' in ref ? [ref.call] : [];
}
