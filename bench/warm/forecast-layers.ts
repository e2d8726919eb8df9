import type { Layer, Weight } from '../cold-start/layers-model.js';
import type { PublishedGraph } from '../cold-start/published-graph.js';

/** The layers of training/forecast-network.ts with the weights of the published graph, whose nodes still bear the layers' names. */
export function forecastLayers({ weights, input, output }: PublishedGraph): readonly Layer[] {
  const published = (name: string): Weight => {
    const found = weights.find((weight) => weight.name === name);
    if (found === undefined) throw new Error(`the published forecast has no weight '${name}'`);
    return found;
  };
  /** A published weight by the name that a layer has for it. */
  const own = (layer: string, part: string, name = `${layer}/${part}`): Weight => ({
    ...published(name),
    name: `${layer}/${part}`,
  });
  const [, window = 0, columns = 0] = input.shape;
  const [, horizon = 0, quantiles = 0] = output.shape;
  const kernel = own('gru_GRU1', 'kernel');
  const [features = 0, gates = 0] = kernel.shape;
  const layer = (
    className: string,
    name: string,
    inputs: readonly string[],
    config: Layer['config'],
    ...layerWeights: readonly Weight[]
  ): Layer => ({ className, name, inputs, config, weights: layerWeights });
  const dense = { units: horizon * quantiles, activation: 'linear' };
  return [
    layer('InputLayer', 'series', [], { batch_input_shape: [null, window, columns], dtype: 'float32' }),
    layer('Reshape', 'weeks', ['series'], { target_shape: [(window * columns) / features, features] }),
    layer(
      'GRU',
      'gru_GRU1',
      ['weeks'],
      { units: gates / 3, activation: 'tanh', recurrent_activation: 'sigmoid', use_bias: true, reset_after: false },
      kernel,
      own('gru_GRU1', 'recurrent_kernel'),
      own('gru_GRU1', 'bias'),
    ),
    layer(
      'Dense',
      'dense_Dense1',
      ['gru_GRU1'],
      { ...dense, use_bias: true },
      own('dense_Dense1', 'kernel'),
      own('dense_Dense1', 'bias', 'dense_Dense1/AddV2/bias'),
    ),
    layer('Flatten', 'flat', ['series'], {}),
    layer('Dense', 'dense_Dense2', ['flat'], { ...dense, use_bias: false }, own('dense_Dense2', 'kernel')),
    layer('Add', 'sum', ['dense_Dense1', 'dense_Dense2'], {}),
    layer('Reshape', 'quantiles', ['sum'], { target_shape: [horizon, quantiles] }),
  ];
}
