import * as tfl from '@tensorflow/tfjs-layers';

/** The network of `digits`: `image`, 28×28×1 grey levels in 0…1, light on dark → 10 `probabilities`. 93,322 weights. */
export function createDigitsNetwork(seed: number): tfl.Sequential {
  let layer = 0;
  const start = () => ({ kernelInitializer: tfl.initializers.glorotUniform({ seed: seed + layer++ }) });
  const convolution = (filters: number) =>
    tfl.layers.conv2d({ filters, kernelSize: 3, activation: 'relu', ...start() });
  return tfl.sequential({
    name: 'digits',
    layers: [
      tfl.layers.inputLayer({ name: 'image', inputShape: [28, 28, 1] }),
      convolution(32),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      convolution(64),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      convolution(64),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 64, activation: 'relu', ...start() }),
      tfl.layers.dense({ name: 'probabilities', units: 10, activation: 'softmax', ...start() }),
    ],
  });
}
