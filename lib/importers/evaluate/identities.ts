import { kerasMajor } from '../keras/keras-version.js';
import { type NdArray, ndArray } from './array.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';

/** Layers that hand on what they are given: at inference nothing is dropped, disturbed or augmented. */
export const identities: Record<string, LayerFunction> = Object.fromEntries(
  [
    'ActivityRegularization',
    'AlphaDropout',
    'AugMix',
    'CutMix',
    'Dropout',
    'Equalization',
    'GaussianDropout',
    'GaussianNoise',
    'Identity',
    'InputLayer',
    'MixUp',
    'RandAugment',
    'RandomBrightness',
    'RandomColorDegeneration',
    'RandomColorJitter',
    'RandomContrast',
    'RandomElasticTransform',
    'RandomErasing',
    'RandomFlip',
    'RandomGaussianBlur',
    'RandomGrayscale',
    'RandomHeight',
    'RandomHue',
    'RandomInvert',
    'RandomPerspective',
    'RandomPosterization',
    'RandomRotation',
    'RandomSaturation',
    'RandomSharpness',
    'RandomShear',
    'RandomTranslation',
    'RandomWidth',
    'RandomZoom',
    'Solarization',
    'SpatialDropout1D',
    'SpatialDropout2D',
    'SpatialDropout3D',
  ].map((className) => [className, handOn]),
);

/**
 * The same numbers; whether the mask goes with them is the class's (masks.ts). In Keras 3 they are the very same array, so that what
 * MultiHeadAttention does to the mask of the one happens to the other.
 */
function handOn(call: EvaluateCall): NdArray[] {
  const x = firstInput(call);
  return [kerasMajor(call.kerasVersion) === 3 ? x : ndArray(x.shape, x.data)];
}
