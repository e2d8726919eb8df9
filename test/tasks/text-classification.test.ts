import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ModeletError } from '../../lib/core/errors.js';
import type { Instance } from '../../lib/core/instance.js';
import { makeTensor, type Signature } from '../../lib/core/tensor.js';
import { textLimit } from '../../lib/tasks/text/read-text.js';
import { textClassification } from '../../lib/tasks/text-classification.js';

const options = { labels: ['negative', 'positive'], vocabulary: ['good', 'bad', 'film', '好'], length: 6 };

function signature(shape: readonly number[], datatype: 'FP32' | 'INT32' | 'BOOL' = 'INT32'): Signature {
  return {
    inputs: [{ name: 'tokens', datatype, shape }],
    outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 2] }],
  };
}

const task = textClassification.bind(options, signature([-1, -1]));
const file = (text: string | Uint8Array) => ({ kind: 'file', bytes: Buffer.from(text) }) as const;
const fields = (value: Readonly<Record<string, unknown>>) => ({ kind: 'fields', value }) as const;
const outputs = new Map([['scores', makeTensor('FP32', [2], Float32Array.of(0.25, 0.75))]]);
const tokens = (instance: Exclude<Instance, { kind: 'numbers' }>, of = task) =>
  of.preprocess(instance, 'body').get('tokens');

describe('a text becomes numbers', () => {
  test('of its words: 2 is the first of the vocabulary, 1 what is not in it', () => {
    expect(tokens(file('A GOOD film.'))).toEqual(makeTensor('INT32', [3], Int32Array.of(1, 2, 4)));
  });

  test.each([
    ['JSON', fields({ text: 'a good film' })],
    ['with a byte order mark', file('\ufeffa good film')],
    ['with other spaces and signs', file('a\u3000good\r\n…film!')],
  ])('that are the same from %s', (_, instance) => {
    expect(tokens(instance)?.data).toEqual(Int32Array.of(1, 2, 4));
  });

  test('the first ones, when they are more than the model reads', () => {
    expect(tokens(file('bad '.repeat(50)))?.data).toEqual(new Int32Array(6).fill(3));
  });

  test('filled up with zeros where the network has a fixed length; floats where it takes those', () => {
    expect(tokens(file('好！bad'), textClassification.bind(options, signature([-1, 6])))?.data).toEqual(
      Int32Array.of(5, 3, 0, 0, 0, 0),
    );
    expect(tokens(file('good'), textClassification.bind(options, signature([-1, -1], 'FP32')))).toEqual(
      makeTensor('FP32', [1], Float32Array.of(2)),
    );
  });
});

describe('the answer', () => {
  const scores = {
    label: 'positive',
    score: 0.75,
    top: [
      { label: 'positive', score: 0.75 },
      { label: 'negative', score: 0.25 },
    ],
  };

  test.each([
    [file('a good film'), { read: 3, known: 2, of: 3 }],
    [fields({ text: 'good film, '.repeat(10) }), { read: 6, known: 6, of: 20 }],
  ])('says how much of the text was read and known', (instance, tokens) => {
    expect(task.postprocess(outputs, instance)).toEqual({ ...scores, tokens });
  });

  test('is bare where no text is known', () => {
    expect(task.postprocess(outputs)).toEqual(scores);
    expect(task.postprocess(outputs, { kind: 'numbers', value: [2, 3] })).toEqual(scores);
  });
});

test.each<[string, Exclude<Instance, { kind: 'numbers' }>, string]>([
  ['nothing', file(''), 'body: holds no word; send a sentence'],
  ['an empty text', fields({ text: '' }), 'body: holds no word'],
  ['signs alone', file('… !!! 👍\n'), 'body: holds no word'],
  ['a script that the vocabulary lacks', file('Хороший фильм'), 'none of the 2 word(s) read is in the model'],
  ['Latin-1', file(Buffer.from('un film cliché', 'latin1')), 'body: is not text in UTF-8; save it as UTF-8'],
  ['UTF-16', file(Buffer.from('\ufeffgood', 'utf16le')), 'body: is not text in UTF-8'],
  ['UTF-16 without a mark', file(Buffer.from('good film', 'utf16le')), 'body: is not text in UTF-8'],
  ['an image', file(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')), 'body: is not text in UTF-8'],
  ['half a character', file(Buffer.from('good é').subarray(0, 6)), 'body: is not text in UTF-8'],
  ['too much', file('a'.repeat(textLimit + 1)), `body: has ${textLimit + 1} bytes, the limit is ${textLimit}`],
  ['too much JSON', fields({ text: 'é'.repeat(textLimit / 2 + 1) }), `body.text: has ${textLimit + 2} bytes`],
  ['no text', fields({}), 'body.text: expected text, as in {"text": "…"}, got nothing'],
  ['a misspelt field', fields({ Text: 'good' }), 'body.text: expected text'],
  ['a number', fields({ text: 5 }), 'got a number'],
  ['a list of words', fields({ text: ['good'] }), 'got an array of 1'],
  ['a field more', fields({ text: 'good', language: 'en' }), 'has a field beside text; leave it out'],
])('%s gets 400 with what would be right', (_, instance, message) => {
  expect(() => task.preprocess(instance, 'body')).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(message) }),
  );
});

test('any bytes get numbers within the vocabulary, or 400', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 200 }).map((text) => new Uint8Array(Buffer.from(text))),
    fc
      .array(fc.constantFrom('good', 'BAD', '好', ' ', "'", '\u0301', 'xyz', '\n'), { maxLength: 30 })
      .map((parts) => Uint8Array.from(Buffer.from(parts.join('')))),
  );
  let [answered, refused] = [0, 0];
  fc.assert(
    fc.property(bytes, (content) => {
      try {
        const { data = [], shape } = tokens({ kind: 'file', bytes: content }) ?? {};
        expect(shape).toEqual([data.length]);
        expect(data.length).toBeLessThanOrEqual(options.length);
        expect([...data].every((number) => number >= 1 && number <= 5)).toBe(true);
        answered++;
      } catch (error) {
        if (!(error instanceof ModeletError) || error.code !== 'INVALID_INPUT') throw error;
        refused++;
      }
    }),
    { seed: 9, numRuns: 1000 },
  );
  expect(Math.min(answered, refused)).toBeGreaterThan(100);
});

describe('a version is refused whose', () => {
  test.each([
    ['vocabulary is missing', { ...options, vocabulary: undefined }, signature([-1, -1]), /vocabulary/],
    ['vocabulary is empty', { ...options, vocabulary: [] }, signature([-1, -1]), /vocabulary/],
    ['option is misspelt', { ...options, window: 4 }, signature([-1, -1]), /window/],
    ['length is none', { ...options, length: 0 }, signature([-1, -1]), /length/],
    ['labels are too many', { ...options, labels: ['a', 'b', 'c'] }, signature([-1, -1]), /3 labels/],
    ['input has another length', options, signature([-1, 5]), /shape \[batch, any\] or \[batch, 6\]/],
    ['input is a sequence of vectors', options, signature([-1, -1, 3]), /one INT32 or FP32 input/],
    ['input is of truth values', options, signature([-1, -1], 'BOOL'), /one INT32 or FP32 input/],
  ])('%s', (_, given, model, message) => {
    expect(() => textClassification.bind(given, model)).toThrow(message);
  });
});
