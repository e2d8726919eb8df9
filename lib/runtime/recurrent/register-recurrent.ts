import { registerOp } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { formatShape } from '../../core/tensor.js';
import { cells, corrupt, type RecurrentAttributes, readAttributes } from './recurrent-node.js';
import { createRecurrentLayer, type RecurrentLayer } from './run-recurrent.js';

/** The op of graph models that stands for a recurrent layer; docs/format.md defines it. */
export const recurrentOp = 'ModeletRecurrent';

/**
 * Teaches TF.js' graph models the op, on whatever backend they run: inputs are read from the backend, computed by kernels of
 * our own, and the outputs given back to it. Call it before a graph model is loaded; once or often.
 */
export function registerRecurrent(): void {
  registerOp(recurrentOp, ({ inputs, attrs }) => {
    const attributes = readAttributes(attrs);
    return run(attributes, namedInputs(attributes, inputs));
  });
}

interface Inputs {
  readonly x: tf.Tensor;
  readonly kernel: tf.Tensor;
  readonly recurrentKernel: tf.Tensor;
  readonly bias: tf.Tensor | undefined;
  readonly mask: tf.Tensor | undefined;
  readonly states: readonly tf.Tensor[];
}

function namedInputs(attributes: RecurrentAttributes, tensors: readonly tf.Tensor[]): Inputs {
  const { cell, useBias, masked, initialStates, resetAfter } = attributes;
  const [x, kernel, recurrentKernel, ...others] = tensors;
  const bias = useBias ? others.shift() : undefined;
  const mask = masked ? others.shift() : undefined;
  if (x?.rank !== 3)
    throw corrupt(`x is ${x === undefined ? 'missing' : formatShape(x.shape)}, not [batch, time, features]`);
  const [batch, time, features] = x.shape as [number, number, number];
  const units = recurrentKernel?.shape[0] ?? 0;
  const { gates, states } = cells[cell];
  const has = (name: string, tensor: tf.Tensor | undefined, shape: readonly number[]): tf.Tensor => {
    const found = tensor === undefined ? 'missing' : formatShape(tensor.shape);
    if (tensor === undefined || found !== formatShape(shape))
      throw corrupt(`${name} is ${found}, not ${formatShape(shape)}`);
    return tensor;
  };
  if (others.length !== (initialStates ? states : 0)) throw corrupt(`it has ${tensors.length} inputs`);
  return {
    x,
    kernel: has('kernel', kernel, [features, gates * units]),
    recurrentKernel: has('recurrent_kernel', recurrentKernel, [units, gates * units]),
    bias: useBias ? has('bias', bias, resetAfter ? [2, gates * units] : [gates * units]) : undefined,
    mask: masked ? has('mask', mask, [batch, time]) : undefined,
    states: others.map((state, index) => has(`state ${index}`, state, [batch, units])),
  };
}

function run(attributes: RecurrentAttributes, inputs: Inputs): tf.Tensor[] {
  const [batch, time] = inputs.x.shape as [number, number, number];
  const units = inputs.recurrentKernel.shape[0] as number;
  const { output, states } = layerOf(
    attributes,
    inputs,
  )({
    x: inputs.x.dataSync<'float32'>(),
    batch,
    time,
    mask: inputs.mask?.dataSync(),
    states: inputs.states.map((state) => state.dataSync<'float32'>()),
  });
  const shape = attributes.returnSequences ? [batch, time, units] : [batch, units];
  return [tf.tensor(output, shape, 'float32'), ...states.map((state) => tf.tensor(state, [batch, units], 'float32'))];
}

interface Prepared {
  /** What it was made from, besides the kernel. */
  readonly key: string;
  readonly layer: RecurrentLayer;
}

/** Weights are packed once: they are the same tensors as long as the model is loaded, and what is made of them goes with them. */
const prepared = new WeakMap<tf.Tensor, Prepared>();

function layerOf(attributes: RecurrentAttributes, { x, kernel, recurrentKernel, bias }: Inputs): RecurrentLayer {
  const key = JSON.stringify([attributes, recurrentKernel.id, bias?.id]);
  const known = prepared.get(kernel);
  if (known?.key === key) return known.layer;
  const { gates } = cells[attributes.cell];
  const units = recurrentKernel.shape[0] as number;
  const biases = bias?.dataSync<'float32'>();
  const layer = createRecurrentLayer(attributes, {
    features: x.shape[2] as number,
    units,
    gates,
    kernel: kernel.dataSync<'float32'>(),
    recurrentKernel: recurrentKernel.dataSync<'float32'>(),
    bias: biases?.subarray(0, gates * units),
    recurrentBias: attributes.resetAfter ? biases?.subarray(gates * units) : undefined,
  });
  prepared.set(kernel, { key, layer });
  return layer;
}
