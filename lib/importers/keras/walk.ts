import { ModeletError } from '../../core/errors.js';
import type { Argument, KerasCall, KerasModel, ValueRef } from './keras-model.js';
import { runOrder } from './run-order.js';

/** A call's arguments with the references looked up: a value, a list, or a constant from the file. */
export type Resolved<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'list'; readonly items: readonly Resolved<Value>[] }
  | { readonly kind: 'constant'; readonly value: unknown };

/** One call with its arguments, as emitters and evaluators get it. */
export interface ResolvedCall<Value> extends Pick<KerasCall, 'layer'> {
  readonly args: readonly Resolved<Value>[];
  readonly kwargs: Readonly<Record<string, Resolved<Value>>>;
  /** All values among `args`, lists flattened: what most layers need. */
  readonly inputs: readonly Value[];
  /** The model's `kerasVersion`: what masks do to values has changed between versions. Wrappers hand it on. */
  readonly kerasVersion: string;
}

/**
 * Runs the calls that a model's outputs need, in Keras' order.
 * @param inputs one value for each input of the model
 * @param apply computes a call's outputs
 * @returns one value for each output of the model
 */
export function walk<Value>(
  model: KerasModel,
  inputs: readonly Value[],
  apply: (call: ResolvedCall<Value>) => readonly Value[],
): Value[] {
  const { kerasVersion } = model;
  const results: (readonly Value[])[] = [];
  const lookUp = (ref: ValueRef): Value => {
    const value = 'input' in ref ? inputs[ref.input] : results[ref.call]?.[ref.output];
    if (value !== undefined) return value;
    const from =
      'input' in ref ? `input ${ref.input}` : `output ${ref.output} of '${model.calls[ref.call]?.layer.name}'`;
    throw new ModeletError('INVALID_INPUT', `the model asks for ${from}, which is not there; save the model again`);
  };
  const resolve = (argument: Argument): Resolved<Value> => {
    if (argument.kind === 'value') return { kind: 'value', value: lookUp(argument.ref) };
    if (argument.kind === 'list') return { kind: 'list', items: argument.items.map(resolve) };
    return argument;
  };
  for (const index of runOrder(model)) {
    const { layer, args, kwargs } = model.calls[index] as KerasCall;
    const resolved = args.map(resolve);
    const named = Object.entries(kwargs).map(([name, argument]) => [name, resolve(argument)] as const);
    const inputs = resolved.flatMap(valuesOf);
    results[index] = apply({ layer, args: resolved, kwargs: Object.fromEntries(named), inputs, kerasVersion });
  }
  return model.outputs.map(({ value }) => lookUp(value));
}

function valuesOf<Value>(argument: Resolved<Value>): Value[] {
  if (argument.kind === 'value') return [argument.value];
  return argument.kind === 'list' ? argument.items.flatMap(valuesOf) : [];
}
