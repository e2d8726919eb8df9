import * as v from 'valibot';
import { exampleSpecs } from '../core/batching.js';
import { invalidInput, ModeletError } from '../core/errors.js';
import { defineTask } from '../core/task.js';
import { makeTensor, type Signature, type TensorSpec } from '../core/tensor.js';
import { createSoundPreparation, type SoundPreparation } from './audio/prepare-sound.js';
import { readWav } from './audio/read-wav.js';
import { checkLabels, classScores } from './class-scores.js';

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const whole = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_536));

const options = v.strictObject({
  /** One a class, in the order of the model's output. */
  labels: v.pipe(v.array(v.string()), v.nonEmpty()),
  /** Samples a second that a sound is brought to. */
  sampleRate: v.pipe(v.number(), v.integer(), v.minValue(1000), v.maxValue(48_000)),
  /** Samples of a spectrum's frame, and from one frame to the next. */
  frame: v.pipe(
    whole,
    v.minValue(16),
    v.maxValue(8192),
    v.check((size) => Number.isInteger(Math.log2(size)), 'a power of two is expected'),
  ),
  hop: whole,
  /** The bands' lower and upper end in hertz. */
  low: v.pipe(v.number(), v.finite(), v.minValue(0)),
  high: positive,
  /** Decibels below the loudest band that count as silence. */
  range: positive,
});
type Options = v.InferOutput<typeof options>;

/** Filters and buffers are made once for a version, not for a request. */
const preparations = new WeakMap<Options, SoundPreparation>();

/**
 * WAV, 8–48 kHz, mono or stereo, up to 30 s → a label, for a network that takes [frames, bands, 1] FP32: how loud each band on
 * the mel scale is, 0…1. One window of the sound is heard; the answer's `window` says which, in seconds.
 */
export const audioClassification = defineTask({
  name: 'audio-classification@1',
  options,
  mediaTypes: ['audio/wav'],
  check: (context) => {
    const { low, high, sampleRate, labels } = context.options;
    if (low >= high || high > sampleRate / 2) {
      throw new ModeletError(
        'MODEL_CORRUPT',
        `bands from ${low} to ${high} Hz don't lie within 0 to ${sampleRate / 2}`,
      );
    }
    soundInput(context.signature);
    checkLabels(labels, context.signature);
  },
  preprocess: (instance, context, field) => {
    const { name, shape } = soundInput(context.signature);
    if (instance.kind !== 'file') {
      throw invalidInput(field, `expected a WAV file as {"b64": …}, or nested numbers of shape [${shape.join(', ')}]`);
    }
    const values = preparationOf(context.options, shape).features(readWav(instance.bytes, field));
    return new Map([[name, makeTensor('FP32', shape, values)]]);
  },
  postprocess: (outputs, { options, signature }, instance) => {
    const scores = classScores(outputs, options.labels, signature);
    if (instance?.kind !== 'file') return { ...scores };
    const sound = readWav(instance.bytes, 'body');
    const { start, length } = preparationOf(options, soundInput(signature).shape).window(sound);
    const seconds = (samples: number): number => Number((samples / sound.rate).toFixed(3));
    const [end, of] = [start + length, sound.samples.length];
    return { ...scores, window: { start: seconds(start), end: seconds(end), of: seconds(of) } };
  },
});

function preparationOf(layout: Options, [frames, bands]: readonly number[]): SoundPreparation {
  const known = preparations.get(layout);
  if (known !== undefined) return known;
  const made = createSoundPreparation({ ...layout, bands: bands as number }, frames as number);
  preparations.set(layout, made);
  return made;
}

function soundInput(signature: Signature): TensorSpec {
  const [spec, ...others] = exampleSpecs(signature);
  const [frames = -1, bands = -1, channels = -1, ...rest] = spec?.shape ?? [];
  const fits = others.length === 0 && rest.length === 0 && frames > 0 && bands > 0 && channels === 1;
  if (spec !== undefined && spec.datatype === 'FP32' && fits) return spec;
  throw new ModeletError(
    'MODEL_CORRUPT',
    'audio-classification needs one FP32 input of shape [batch, frames, bands, 1]',
  );
}
