import * as tfl from '@tensorflow/tfjs-layers';

/** Frames and bands of the features that the network takes. */
export const featureShape = [64, 32] as const;

/** How a sound becomes features: 32 ms frames every 16 ms, 1.04 s in all, of what a telephone line lets through. */
export const soundLayout = { sampleRate: 8000, frame: 256, hop: 128, low: 80, high: 3700, range: 60 } as const;

/** The network of `spoken-digits`: `sound`, 64 frames × 32 bands in 0…1 → 10 `probabilities`. */
export function createSpokenDigitsNetwork(seed: number): tfl.Sequential {
  let layer = 0;
  const start = () => ({ kernelInitializer: tfl.initializers.glorotUniform({ seed: seed + layer++ }) });
  const block = (filters: number) => [
    tfl.layers.conv2d({ filters, kernelSize: 3, padding: 'same', useBias: false, ...start() }),
    tfl.layers.batchNormalization({ momentum: 0.9 }),
    tfl.layers.activation({ activation: 'relu' }),
    tfl.layers.maxPooling2d({ poolSize: 2 }),
  ];
  return tfl.sequential({
    name: 'spoken-digits',
    layers: [
      tfl.layers.inputLayer({ name: 'sound', inputShape: [...featureShape, 1] }),
      ...block(16),
      ...block(32),
      ...block(64),
      ...block(64),
      tfl.layers.flatten(),
      tfl.layers.dropout({ rate: 0.3, seed: seed + 100 }),
      tfl.layers.dense({ units: 64, activation: 'relu', ...start() }),
      tfl.layers.dense({ name: 'probabilities', units: 10, activation: 'softmax', ...start() }),
    ],
  });
}
