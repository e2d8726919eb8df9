import type { Datatype } from '../../core/tensor.js';
import type { Argument, KerasCall, KerasInput, KerasLayer, KerasModel } from '../keras/keras-model.js';
import { badSource } from './bad-source.js';
import type { LayerNode, ModelNode, NodeArgument, TensorKey } from './layer-node.js';
import { nameArguments } from './name-arguments.js';
import { orderCalls } from './order-calls.js';

/** Models in models multiply: a file of some KB could ask for millions of calls. */
const maxCalls = 100_000;

/** Outputs of a call by number. */
type Results = (tensor: number) => Argument | undefined;

/** Layers with more outputs than one: states after the sequence, scores after the attention. */
const several =
  /^(SimpleRNN|GRU|LSTM|RNN|ConvLSTM[123]D|Bidirectional|MultiHeadAttention|GroupQueryAttention|Attention|AdditiveAttention)$/;

/** Gives each layer of the file its settings, weights and inner layers. */
export type BuildLayer = (layer: LayerNode, name: string) => KerasLayer;

/**
 * A model as one list of calls: models inside it are replaced by their own calls, once for each use.
 * @param build called once for each layer: all calls of a shared layer have the same one
 */
export function flatten(model: ModelNode, kerasVersion: string, build: BuildLayer): KerasModel {
  const calls: KerasCall[] = [];
  const built = new Map<LayerNode, KerasLayer>();
  const buildOnce = (layer: LayerNode, prefix: string): KerasLayer => {
    const known = built.get(layer);
    if (known !== undefined) return known;
    const made = build(layer, prefix + layer.name);
    built.set(layer, made);
    return made;
  };
  const apply = (layer: LayerNode, prefix: string, given: Pick<KerasCall, 'args' | 'kwargs'>): Results => {
    if (layer.model !== undefined) {
      const outputs = run(layer.model, `${prefix}${layer.name}/`, layer, given);
      return (tensor) => outputs[tensor];
    }
    let { args, kwargs } = nameArguments(layer, given);
    for (const part of layer.stack ?? [layer]) {
      if (layer.stack !== undefined && 'initial_state' in kwargs) {
        throw badSource(
          `the layer '${layer.name}' begins several cells with a given state`,
          'use a layer for each cell',
        );
      }
      if (calls.length >= maxCalls) throw badSource(`the model makes more than ${maxCalls} calls`, 'check the file');
      calls.push({ layer: buildOnce(part, prefix), args, kwargs });
      args = [outputOf(calls.length - 1, 0)];
    }
    const call = calls.length - 1;
    const outputs = layer.className.startsWith('op:') ? 1024 : several.test(layer.className) ? 5 : 1;
    return (tensor) => (tensor < outputs ? outputOf(call, tensor) : undefined);
  };

  /** Adds the calls of a model. @returns its outputs */
  const run = (
    inner: ModelNode,
    prefix: string,
    user: LayerNode,
    given: Pick<KerasCall, 'args' | 'kwargs'>,
  ): Argument[] => {
    const fed = given.args.flatMap((argument) => (argument.kind === 'list' ? argument.items : [argument]));
    const [odd] = Object.keys(given.kwargs);
    if (odd !== undefined)
      throw badSource(`the model '${user.name}' is called with ${odd}`, 'call it with its inputs only');
    if (fed.length !== inner.inputs.length) {
      throw badSource(
        `the model '${user.name}' is called with ${fed.length} inputs and has ${inner.inputs.length}`,
        'save the model again',
      );
    }
    const inputs = new Map(inner.inputs.map(({ layer }, index) => [layer, fed[index] as Argument]));
    const results = new Map<string, Results>();
    const lookUp = ({ layer, call: number, tensor }: TensorKey): Argument => {
      const found = inputs.get(layer) ?? results.get(`${number} ${layer}`)?.(tensor);
      if (found === undefined) throw badSource(`the layer '${layer}' has no output ${tensor}`, 'save the model again');
      return found;
    };
    const resolve = (argument: NodeArgument): Argument => {
      if (argument.kind === 'tensor') return lookUp(argument.key);
      return argument.kind === 'list' ? { kind: 'list', items: argument.items.map(resolve) } : argument;
    };
    for (const { layer, index, node } of orderCalls(inner)) {
      const kwargs = Object.fromEntries([...node.kwargs].map(([name, value]) => [name, resolve(value)]));
      results.set(`${index} ${layer.name}`, apply(layer, prefix, { args: node.args.map(resolve), kwargs }));
    }
    return inner.outputs.map(({ key }) => lookUp(key));
  };

  const outer: LayerNode = {
    name: model.name,
    className: 'Functional',
    storedClass: 'Functional',
    config: {},
    trainable: true,
    calls: [],
    children: new Map(),
  };
  const inputs = model.inputs.map((key) => readInput(model, key));
  const fed = inputs.map((_, input): Argument => ({ kind: 'value', ref: { input } }));
  const results = run(model, '', outer, { args: fed, kwargs: {} });
  const outputs = model.outputs.map(({ name }, index) => {
    const value = results[index];
    if (value?.kind !== 'value') throw badSource(`the output '${name}' is not computed`, 'save the model again');
    return { name, value: value.ref };
  });
  return { name: model.name, kerasVersion, inputs, calls, outputs };
}

function outputOf(call: number, output: number): Argument {
  return { kind: 'value', ref: { call, output } };
}

function readInput(model: ModelNode, { layer: name }: TensorKey): KerasInput {
  const layer = model.layers.find((candidate) => candidate.name === name);
  if (layer?.className !== 'InputLayer')
    throw badSource(`the model's input '${name}' is no Input layer`, 'save the model again');
  if (layer.batchShape === undefined || layer.batchShape.length === 0) {
    throw badSource(`the input '${name}' has no stated shape`, 'save the model with the shape of its inputs');
  }
  if (layer.config.sparse === true || layer.config.ragged === true) {
    throw badSource(`the input '${name}' is sparse or ragged`, 'save the model with dense inputs');
  }
  // A batch size in the file is what the model was trained with; Keras predicts any.
  const shape = [-1, ...layer.batchShape.slice(1).map((size) => size ?? -1)];
  return { name, datatype: datatypeOf(name, layer.config.dtype), shape };
}

function datatypeOf(name: string, dtype: unknown): Datatype {
  const text = typeof dtype === 'string' ? dtype : 'float32';
  if (/^(mixed_)?b?float/.test(text)) return 'FP32';
  if (/^u?int/.test(text)) return 'INT32';
  if (text === 'bool') return 'BOOL';
  throw badSource(`the input '${name}' takes ${text}`, 'models with inputs of numbers can be imported');
}
