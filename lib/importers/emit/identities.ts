import * as v from 'valibot';
import type { GraphValue } from '../graph/graph-builder.js';
import { isKeras, kerasMajor } from '../keras/keras-version.js';
import { readConfig, refused } from '../keras/read-layer.js';
import { type Emitter, emitCall, onlyInput } from './emit.js';

/** What trains with noise or with a penalty predicts without: the value itself, with its mask. */
const emitIdentity: Emitter = (_graph, call) => [onlyInput(call)];

/** The same for layers which end a mask. */
const emitUnmasked: Emitter = (_graph, call) => [withoutMask(onlyInput(call))];

/** The same value for layers that end a mask. */
export function withoutMask({ node, datatype, shape }: GraphValue): GraphValue {
  return { node, datatype, shape };
}

const cropSchema = v.object({ height: v.number(), width: v.number(), data_format: v.optional(v.string()) });

/**
 * Keras 3.8 and later leave images as they are in a prediction; Keras 2 cuts them to the shape of the result and resizes. The
 * versions between them are refused, unless there is nothing to do.
 */
const emitRandomCrop: Emitter = (graph, call) => {
  const { height, width, data_format } = readConfig(call.layer, cropSchema);
  const input = onlyInput(call);
  const [rows, columns] = input.shape.slice(data_format === 'channels_first' ? -2 : -3);
  if ((rows === height && columns === width) || isKeras(call.kerasVersion, 3, 8)) return [withoutMask(input)];
  if (kerasMajor(call.kerasVersion) === 3) {
    throw refused(call.layer, `Keras ${call.kerasVersion} may resize here or not; use CenterCrop`);
  }
  const config = { height, width, interpolation: 'bilinear', crop_to_aspect_ratio: true, data_format: 'channels_last' };
  return emitCall(graph, { ...call, layer: { ...call.layer, className: 'Resizing', config } });
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
  'Equalization',
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
];

export const identities: Readonly<Record<string, Emitter>> = {
  ...Object.fromEntries(masking.map((className) => [className, emitIdentity])),
  ...Object.fromEntries(augmenting.map((className) => [className, emitUnmasked])),
  RandomCrop: emitRandomCrop,
};
