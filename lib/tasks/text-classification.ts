import * as v from 'valibot';
import { exampleSpecs } from '../core/batching.js';
import { invalidInput, ModeletError } from '../core/errors.js';
import { defineTask } from '../core/task.js';
import { arrayOf, makeTensor, type Signature, type TensorSpec } from '../core/tensor.js';
import { checkLabels, classScores } from './class-scores.js';
import { createNumbering, type NumberWord, padding, unknown } from './text/number-words.js';
import { readText } from './text/read-text.js';
import { tokenize } from './text/tokenize.js';

const options = v.strictObject({
  /** One a class, in the order of the model's output. */
  labels: v.pipe(v.array(v.string()), v.nonEmpty()),
  /** Tokens as `tokenize` makes them: the first is number 2, what is not among them 1, padding 0. */
  vocabulary: v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.nonEmpty()),
  /** Tokens that are read at most, from the beginning; the rest of a text is cut off. */
  length: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_536)),
});
type Options = v.InferOutput<typeof options>;

/** Made once for a version, not for a request. */
const numberings = new WeakMap<Options, NumberWord>();

/**
 * Text of any language in UTF-8, or `{"text": "…"}`, of up to 100 kB → a label, for a network that takes the numbers of its tokens,
 * INT32 or FP32: as many as there are ([batch, any]), or filled up with zeros at the end ([batch, length]). The answer's `tokens` says how
 * many the text has, how many of them were read, and how many of those are in the vocabulary.
 */
export const textClassification = defineTask({
  name: 'text-classification@1',
  options,
  mediaTypes: ['text/plain'],
  check: ({ options: { labels, length }, signature }) => {
    tokensInput(signature, length);
    checkLabels(labels, signature);
  },
  preprocess: (instance, { options, signature }, field) => {
    const { name, datatype, shape } = tokensInput(signature, options.length);
    const { numbers, known } = readTokens(readText(instance, field), options);
    if (numbers.length === 0) throw invalidInput(field, 'holds no word; send a sentence');
    if (known === 0) {
      const problem = `none of the ${numbers.length} word(s) read is in the model's vocabulary`;
      throw invalidInput(field, `${problem}; send text in the language that it was trained on`);
    }
    const size = shape[0] === -1 ? numbers.length : options.length;
    const data = new arrayOf[datatype](size).fill(padding);
    data.set(numbers);
    return new Map([[name, makeTensor(datatype, [size], data)]]);
  },
  postprocess: (outputs, { options, signature }, instance) => {
    const scores = classScores(outputs, options.labels, signature);
    if (instance === undefined || instance.kind === 'numbers') return { ...scores };
    const { numbers, known, of } = readTokens(readText(instance, 'body'), options);
    return { ...scores, tokens: { read: numbers.length, known, of } };
  },
});

function readTokens(text: string, options: Options): { numbers: number[]; known: number; of: number } {
  const tokens = tokenize(text);
  const numbers = tokens.slice(0, options.length).map(numberingOf(options));
  return { numbers, known: numbers.filter((number) => number !== unknown).length, of: tokens.length };
}

function numberingOf(options: Options): NumberWord {
  const known = numberings.get(options);
  if (known !== undefined) return known;
  const made = createNumbering(options.vocabulary);
  numberings.set(options, made);
  return made;
}

function tokensInput(signature: Signature, length: number): TensorSpec & { readonly datatype: 'INT32' | 'FP32' } {
  const [spec, ...others] = exampleSpecs(signature);
  const { datatype = 'BOOL', shape = [] } = spec ?? {};
  const fits = others.length === 0 && shape.length === 1 && (shape[0] === -1 || shape[0] === length);
  if (spec !== undefined && fits && datatype !== 'BOOL') return { ...spec, datatype };
  throw new ModeletError(
    'MODEL_CORRUPT',
    `text-classification needs one INT32 or FP32 input of shape [batch, any] or [batch, ${length}]`,
  );
}
