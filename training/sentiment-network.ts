import * as tfl from '@tensorflow/tfjs-layers';
import { firstWord } from '../lib/tasks/text/number-words.js';

export interface SentimentNetwork {
  readonly model: tfl.LayersModel;
  /**
   * Has the dropout layers draw anew from a seed. TF.js' own, when it has a seed, draws the same units at every step; without one no
   * training could be repeated.
   */
  redraw(seed: number): void;
}

/**
 * The network of `sentiment`: `tokens`, numbers of words, as many as a text has → `probabilities` of negative and positive. A GRU reads
 * the sentence in both directions, and what was strongest anywhere in it counts, beside the mean of its words.
 */
export function createSentimentNetwork(words: number, seed: number): SentimentNetwork {
  const draw = { minval: -0.1, maxval: 0.1, seed };
  const hideFeatures = tfl.layers.dropout({ rate: 0.5, seed });
  const hideStates = tfl.layers.dropout({ rate: 0.5, seed });
  const tokens = tfl.input({ name: 'tokens', shape: [null], dtype: 'int32' });
  const table = tfl.layers.embedding({
    inputDim: firstWord + words,
    outputDim: 32,
    embeddingsInitializer: tfl.initializers.randomUniform(draw),
  });
  const sequence = hideFeatures.apply(table.apply(tokens)) as tfl.SymbolicTensor;
  const gru = tfl.layers.gru({
    units: 24,
    returnSequences: true,
    recurrentActivation: 'sigmoid',
    kernelInitializer: tfl.initializers.glorotUniform({ seed: seed + 1 }),
    recurrentInitializer: tfl.initializers.orthogonal({ seed: seed + 2 }),
  }) as tfl.RNN;
  const states = tfl.layers.bidirectional({ layer: gru, mergeMode: 'concat' }).apply(sequence);
  const strongest = hideStates.apply(tfl.layers.globalMaxPooling1d({}).apply(states));
  const mean = tfl.layers.globalAveragePooling1d({}).apply(sequence);
  const features = tfl.layers.concatenate().apply([strongest, mean] as tfl.SymbolicTensor[]);
  const probabilities = tfl.layers
    .dense({
      name: 'probabilities',
      units: 2,
      activation: 'softmax',
      kernelInitializer: tfl.initializers.glorotUniform({ seed: seed + 3 }),
    })
    .apply(features) as tfl.SymbolicTensor;
  return {
    model: tfl.model({ name: 'sentiment', inputs: tokens, outputs: probabilities }),
    redraw: (next) => {
      // Read anew at each step.
      Object.assign(hideFeatures, { seed: next });
      Object.assign(hideStates, { seed: next + 1 });
    },
  };
}
