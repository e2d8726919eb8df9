import * as tfl from '@tensorflow/tfjs-layers';

/** The network of `digits`: 28×28×1 grey levels in 0…1, light on dark → 10 probabilities. 93,322 weights. */
export function createDigitsNetwork(seed: number): tfl.Sequential {
  let layer = 0;
  const start = () => ({ kernelInitializer: tfl.initializers.glorotUniform({ seed: seed + layer++ }) });
  const convolution = (filters: number, first = {}) =>
    tfl.layers.conv2d({ ...first, filters, kernelSize: 3, activation: 'relu', ...start() });
  return tfl.sequential({
    name: 'digits',
    layers: [
      convolution(32, { inputShape: [28, 28, 1] }),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      convolution(64),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      convolution(64),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 64, activation: 'relu', ...start() }),
      tfl.layers.dense({ units: 10, activation: 'softmax', ...start() }),
    ],
  });
}
