import * as v from 'valibot';
import type { GraphBuilder, GraphValue } from '../graph/graph-builder.js';
import { arithmetic, cast, scalar, select } from '../graph/ops/elementwise.js';
import { concat, dimension, expandDims, reshape, split, squeeze } from '../graph/ops/shape.js';
import type { KerasLayer } from '../keras/keras-model.js';
import { readConfig, readWeight, refused } from '../keras/read-layer.js';
import { emitActivation } from './activations.js';
import { asImageKernel, asImages, convolve, fromImages } from './convolve-images.js';
import type { Emitter } from './emit.js';
import { readCall, readLoop } from './recurrent-call.js';
import { asTruth } from './score-masks.js';

const sizes = v.array(v.pipe(v.number(), v.integer(), v.minValue(1)));
const schema = v.object({
  filters: v.pipe(v.number(), v.integer(), v.minValue(1)),
  kernel_size: sizes,
  strides: sizes,
  dilation_rate: sizes,
  padding: v.picklist(['valid', 'same']),
  data_format: v.picklist(['channels_last', 'channels_first']),
  activation: v.unknown(),
  recurrent_activation: v.unknown(),
  use_bias: v.boolean(),
});

/** More steps than this make a graph that takes longer to read than to run. */
const mostSteps = 128;

/**
 * Keras' ConvLSTM1D, 2D and 3D: an LSTM whose products are convolutions, step by step, as many times as the input has steps. The
 * input's convolutions are one for all steps, which go through it as further examples.
 */
const emitConvLstm: Emitter = (graph, call) => {
  const { layer } = call;
  const config = readConfig(layer, schema);
  const loop = readLoop(layer);
  const given = readCall(call);
  const rank = config.kernel_size.length;
  const enter = (value: GraphValue) => asImages(graph, cast(graph, value, 'FP32'), rank, config.data_format);
  const leave = (value: GraphValue) => fromImages(graph, value, rank, config.data_format);

  if (given.x.shape.length !== rank + 3) throw refused(layer, `its input is [${given.x.shape}]`);

  const x = enter(given.x);
  const steps = x.shape[1] as number;
  if (steps < 1 || steps > mostSteps) {
    throw refused(layer, `it needs a fixed number of steps, 1 to ${mostSteps}; set it in the model's Input`);
  }
  if (given.states.length !== 0 && given.states.length !== 2) throw refused(layer, 'it takes two initial states');
  const masks = given.mask && split(graph, asTruth(graph, given.mask), steps, 1);

  const inputs = inputSteps(graph, layer, x, config);
  const kernel = graph.constant(asImageKernel(readWeight(layer, 'recurrent_kernel', rank + 2)), 'recurrent_kernel');
  const ones = kernel.shape.slice(0, -2).map(() => 1);
  const activate = (value: GraphValue) => emitActivation(graph, config.activation, value, layer);
  const open = (value: GraphValue) => emitActivation(graph, config.recurrent_activation, value, layer);
  const times = (a: GraphValue, b: GraphValue) => arithmetic(graph, 'Mul', a, b);

  let [h, c] = given.states.map(enter) as [GraphValue?, GraphValue?];
  let output: GraphValue | undefined;
  const outputs: GraphValue[] = [];
  const zero = scalar(graph, 0);
  for (let step = 0; step < steps; step++) {
    const at = loop.go_backwards ? steps - 1 - step : step;
    const input = inputs[at] as GraphValue;
    const z =
      h === undefined
        ? input // of no state, or zeros, there is nothing to add
        : arithmetic(graph, 'AddV2', input, convolve(graph, h, kernel, ones, ones, 'same'));
    const [i, f, g, o] = split(graph, z, 4, -1) as [GraphValue, GraphValue, GraphValue, GraphValue];
    const fresh = times(open(i), activate(g));
    const nextC = c === undefined ? fresh : arithmetic(graph, 'AddV2', times(open(f), c), fresh);
    const nextH = times(open(o), activate(nextC));
    const counts = masks && stepCounts(graph, masks[at] as GraphValue, nextH.shape.length);
    const keep = (next: GraphValue, before: GraphValue | undefined): GraphValue =>
      counts === undefined ? next : select(graph, counts, next, before ?? zero);
    output = keep(nextH, loop.zero_output_for_mask ? undefined : output);
    [h, c] = [keep(nextH, h), keep(nextC, c)];
    outputs.push(output);
  }
  const result = loop.return_sequences
    ? leave(
        concat(
          graph,
          outputs.map((value) => expandDims(graph, value, 1)),
          1,
        ),
      )
    : leave(output as GraphValue);
  const states = loop.return_state ? [h as GraphValue, c as GraphValue].map(leave) : [];
  return [{ ...result, mask: loop.return_sequences ? given.handedOn : undefined }, ...states];
};

/** The input's convolutions with their bias, for each step. */
function inputSteps(
  graph: GraphBuilder,
  layer: KerasLayer,
  x: GraphValue,
  config: v.InferOutput<typeof schema>,
): readonly GraphValue[] {
  const rank = config.kernel_size.length;
  const image = (values: readonly number[]) => (rank === 1 ? [1, ...values] : values);
  const kernel = graph.constant(asImageKernel(readWeight(layer, 'kernel', rank + 2)), 'kernel');
  const folded = reshape(graph, x, [-1, ...x.shape.slice(2).map((_, axis) => dimension(x, axis + 2))]);
  const product = convolve(graph, folded, kernel, image(config.strides), image(config.dilation_rate), config.padding);
  const biased = config.use_bias
    ? arithmetic(graph, 'AddV2', product, graph.constant(readWeight(layer, 'bias', 1), 'bias'))
    : product;
  const steps = x.shape[1] as number;
  const rest = biased.shape.slice(1).map((_, axis) => dimension(biased, axis + 1));
  const apart = reshape(graph, biased, [x.shape[0] as number, steps, ...rest]);
  return split(graph, apart, steps, 1).map((value) => squeeze(graph, value, [1]));
}

/** [batch, 1] → [batch, 1, …], to be broadcast over an example. */
function stepCounts(graph: GraphBuilder, mask: GraphValue, rank: number): GraphValue {
  return reshape(graph, mask, [-1, ...Array<number>(rank - 1).fill(1)]);
}

export const convLstm: Readonly<Record<string, Emitter>> = {
  ConvLSTM1D: emitConvLstm,
  ConvLSTM2D: emitConvLstm,
  ConvLSTM3D: emitConvLstm,
};
