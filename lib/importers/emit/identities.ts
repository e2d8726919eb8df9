import * as v from 'valibot';
import type { GraphValue } from '../graph/graph-builder.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { type Emitter, onlyInput } from './emit.js';

/** What trains with noise or with a penalty predicts without: the value itself, with its mask. */
const emitIdentity: Emitter = (_graph, call) => [onlyInput(call)];

/** The same for layers which end a mask. */
const emitUnmasked: Emitter = (_graph, call) => [withoutMask(onlyInput(call))];

/** The same value for layers that end a mask. */
export function withoutMask({ node, datatype, shape }: GraphValue): GraphValue {
  return { node, datatype, shape };
}

const cropSchema = v.object({ height: v.number(), width: v.number(), data_format: v.optional(v.string()) });

/** In a prediction newer Kerases do nothing and older ones resize: the same only for images of the right size. */
const emitRandomCrop: Emitter = (_graph, call) => {
  const { height, width, data_format } = readConfig(call.layer, cropSchema);
  const { shape } = onlyInput(call);
  const [rows, columns] = shape.slice(data_format === 'channels_first' ? -2 : -3);
  if (rows !== height || columns !== width) {
    throw refused(
      call.layer,
      `it depends on Keras' version unless its images are ${height} × ${width}; use CenterCrop`,
    );
  }
  return [withoutMask(onlyInput(call))];
};

const masking = [
  'InputLayer',
  'Identity',
  'Dropout',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
  'AlphaDropout',
  'GaussianDropout',
  'GaussianNoise',
  'ActivityRegularization',
];

/** Augmentation of images, which happens in training only. */
const augmenting = [
  'AugMix',
  'CutMix',
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
];

export const identities: Readonly<Record<string, Emitter>> = {
  ...Object.fromEntries(masking.map((className) => [className, emitIdentity])),
  ...Object.fromEntries(augmenting.map((className) => [className, emitUnmasked])),
  RandomCrop: emitRandomCrop,
};
