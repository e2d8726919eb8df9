import type { WeightName } from '../keras/weight-names.js';
import { weightNames } from '../keras/weight-names.js';
import type { WeightRecipe } from './bind-weights.js';
import { fromCudnn, fromKeras1Gates, fromTheano } from './convert-weights.js';
import type { LayerNode } from './layer-node.js';
import type { StoredWeight } from './stored-weight.js';

/** Who wrote the weights. */
export interface Origin {
  readonly major: number;
  /** Kernels of Theano lie turned round: it convolves where the others correlate. */
  readonly theano: boolean;
}

/** The arrays that a file stores for a layer, and what becomes of them. */
export interface StoredRoster {
  readonly weights: readonly WeightName[];
  /** @param own the arrays in the order of `weights` */
  recipes(own: readonly StoredWeight[]): Map<string, WeightRecipe>;
}

/** @returns undefined for a class unknown here */
export function storedRoster(layer: LayerNode, origin: Origin): StoredRoster | undefined {
  const roster = weightNames(layer.className, layer.config);
  if (roster === undefined) return undefined;
  if (layer.storedClass === 'CuDNNLSTM' || layer.storedClass === 'CuDNNGRU') return fromCudnn(layer, roster.weights);
  if (origin.major === 1 && (layer.className === 'LSTM' || layer.className === 'GRU')) return fromKeras1Gates(layer);
  const plain = asTheyAre(roster.weights);
  return origin.major === 1 || origin.theano ? fromTheano(layer, plain, origin) : plain;
}

function asTheyAre(weights: readonly WeightName[]): StoredRoster {
  return {
    weights,
    recipes: (own) =>
      new Map(
        weights.flatMap((weight, index) => {
          const part = own[index];
          if (part === undefined || weight.unused) return [];
          return [[weight.name, { parts: [part], assemble: ([tensor]) => tensor as NonNullable<typeof tensor> }]];
        }),
      ),
  };
}
