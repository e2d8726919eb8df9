import * as v from 'valibot';
import { exampleSpecs } from '../core/batching.js';
import { invalidInput, ModeletError } from '../core/errors.js';
import { defineTask } from '../core/task.js';
import { makeTensor, type Signature, type TensorSpec } from '../core/tensor.js';
import { checkLabels, classScores } from './class-scores.js';

const options = v.strictObject({
  /** One a class, in the order of the model's output. */
  labels: v.pipe(v.array(v.string()), v.nonEmpty()),
  /** A network value is (pixel / 255 − mean) / std; one number a channel. */
  mean: v.optional(v.array(v.pipe(v.number(), v.finite()))),
  std: v.optional(v.array(v.pipe(v.number(), v.finite(), v.gtValue(0)))),
  /**
   * photo: stretched to the network's size. handwriting: light ink on dark, cropped and centred as MNIST is (only for one
   * channel).
   */
  preparation: v.optional(v.picklist(['photo', 'handwriting']), 'photo'),
});

/** PNG and JPEG of any size, in colour, grey or with alpha → a label, for a network that takes [height, width, 1 or 3] FP32. */
export const imageClassification = defineTask({
  name: 'image-classification@1',
  options,
  mediaTypes: ['image/png', 'image/jpeg'],
  check: ({ options: { labels, mean, std, preparation }, signature }) => {
    const channels = imageInput(signature).shape[2] as number;
    if ([mean, std].some((numbers) => numbers !== undefined && numbers.length !== channels)) {
      throw new ModeletError('MODEL_CORRUPT', `mean and std need one number for each of ${channels} channel(s)`);
    }
    if (preparation === 'handwriting' && channels !== 1) {
      throw new ModeletError('MODEL_CORRUPT', 'handwriting is prepared for networks that take one channel');
    }
    checkLabels(labels, signature);
  },
  preprocess: async (instance, { options: { mean, std, preparation }, signature }, field) => {
    const { name, shape } = imageInput(signature);
    const [height, width, channels] = shape as [number, number, 1 | 3];
    if (instance.kind !== 'file') {
      throw invalidInput(field, `expected an image as {"b64": …}, or nested numbers of shape [${shape.join(', ')}]`);
    }
    // A third of the function's code: who sends tensors does not wait for it.
    const { prepareImage } = await import('./image/prepare-image.js');
    const values = prepareImage[preparation](instance.bytes, { width, height, channels }, field);
    for (let index = 0; index < values.length; index++) {
      const channel = index % channels;
      values[index] = ((values[index] as number) / 255 - (mean?.[channel] ?? 0)) / (std?.[channel] ?? 1);
    }
    return new Map([[name, makeTensor('FP32', shape, values)]]);
  },
  postprocess: (outputs, { options: { labels }, signature }) => ({ ...classScores(outputs, labels, signature) }),
});

function imageInput(signature: Signature): TensorSpec {
  const [spec, ...others] = exampleSpecs(signature);
  const [height = -1, width = -1, channels = -1, ...rest] = spec?.shape ?? [];
  const fits =
    others.length === 0 && rest.length === 0 && height > 0 && width > 0 && (channels === 1 || channels === 3);
  if (spec !== undefined && spec.datatype === 'FP32' && fits) return spec;
  throw new ModeletError(
    'MODEL_CORRUPT',
    'image-classification needs one FP32 input of shape [batch, height, width, 1 or 3]',
  );
}
