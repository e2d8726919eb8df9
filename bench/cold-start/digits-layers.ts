import type { Layer } from './layers-model.js';
import type { PublishedGraph } from './published-graph.js';

/** The layers of training/digits-network.ts with the weights of the published graph, whose nodes still bear the layers' names. */
export function digitsLayers({ weights }: PublishedGraph): readonly Layer[] {
  const layers: Layer[] = [];
  function add(className: string, name: string, config: Layer['config']): void {
    const own = ['kernel', 'bias'].flatMap((part) => weights.find((weight) => weight.name === `${name}/${part}`) ?? []);
    const previous = layers.at(-1)?.name;
    layers.push({ className, name, config, inputs: previous === undefined ? [] : [previous], weights: own });
  }
  const convolution = (filters: number) => ({ filters, kernel_size: [3, 3], padding: 'valid', activation: 'relu' });
  const pool = { pool_size: [2, 2], strides: [2, 2], padding: 'valid' };
  add('InputLayer', 'image', { batch_input_shape: [null, 28, 28, 1], dtype: 'float32' });
  add('Conv2D', 'conv2d_Conv2D1', convolution(32));
  add('MaxPooling2D', 'pool1', pool);
  add('Conv2D', 'conv2d_Conv2D2', convolution(64));
  add('MaxPooling2D', 'pool2', pool);
  add('Conv2D', 'conv2d_Conv2D3', convolution(64));
  add('Flatten', 'flatten', {});
  add('Dense', 'dense_Dense1', { units: 64, activation: 'relu' });
  add('Dense', 'dense_Dense2', { units: 10, activation: 'softmax' });
  return layers;
}
