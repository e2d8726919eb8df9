import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ModeletError } from '../../lib/core/errors.js';
import { makeTensor, type Signature } from '../../lib/core/tensor.js';
import { imageClassification } from '../../lib/tasks/image-classification.js';
import { pngFile } from './image/png-file.js';

function signature(shape: readonly number[], datatype: 'FP32' | 'INT32' = 'FP32', classes = 3): Signature {
  return {
    inputs: [{ name: 'image', datatype, shape }],
    outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, classes] }],
  };
}

const labels = ['cat', 'dog', 'owl'];
const rgb = { width: 2, height: 1, type: 2 };
/** A red and a grey pixel. */
const bytes = pngFile(rgb, Buffer.from([0, 255, 0, 0, 51, 51, 51]));

async function preprocess(
  options: Record<string, unknown>,
  shape: readonly number[],
  file: Uint8Array = bytes,
): Promise<number[]> {
  const task = imageClassification.bind({ labels, ...options }, signature(shape));
  const image = (await task.preprocess({ kind: 'file', bytes: file }, 'body')).get('image');
  expect(image).toMatchObject({ datatype: 'FP32', shape: shape.slice(1) });
  return Array.from(image?.data ?? [], (value) => Number(value.toFixed(4)));
}

describe('a photo', () => {
  test('is scaled to 0–1 in the channels that the network takes', async () => {
    expect(await preprocess({}, [-1, 1, 2, 3])).toEqual([1, 0, 0, 0.2, 0.2, 0.2]);
    expect(await preprocess({}, [-1, 1, 2, 1])).toEqual([0.299, 0.2]);
    expect(await preprocess({}, [1, 1, 1, 3])).toEqual([0.6, 0.1, 0.1]);
    expect(await preprocess({}, [-1, 2, 2, 1])).toEqual([0.299, 0.2, 0.299, 0.2]);
  });

  test('is moved and divided by mean and std, each channel by its own', async () => {
    expect(await preprocess({ mean: [0.5, 0.25, 0], std: [0.5, 0.5, 0.1] }, [-1, 1, 2, 3])).toEqual([
      1, -0.5, 0, -0.6, -0.1, 2,
    ]);
  });

  test('shows white where it is transparent', async () => {
    const half = pngFile({ width: 1, height: 1, type: 6 }, Buffer.from([0, 0, 0, 255, 51]));
    expect(await preprocess({}, [-1, 1, 1, 3], half)).toEqual([0.8, 0.8, 1]);
  });
});

test('handwriting is prepared as MNIST is', async () => {
  const field = await preprocess({ preparation: 'handwriting' }, [-1, 28, 28, 1], readFileSync('examples/7.png'));
  expect([Math.max(...field), Math.min(...field)]).toEqual([1, 0]);
  expect(field.slice(0, 28 * 3)).toEqual(new Array(28 * 3).fill(0));
});

describe('what it does not take', () => {
  test('JSON of another form, or no image', async () => {
    const task = imageClassification.bind({ labels }, signature([-1, 28, 28, 1]));
    await expect(task.preprocess({ kind: 'fields', value: { text: 'seven' } }, 'body')).rejects.toThrow(
      'body: expected an image as {"b64": …}, or nested numbers of shape [28, 28, 1]',
    );
    await expect(task.preprocess({ kind: 'file', bytes: Buffer.from('seven') }, 'body')).rejects.toThrow(
      'body: is neither a PNG nor a JPEG image',
    );
  });

  test.each([
    ['no labels', { labels: [] }, [-1, 28, 28, 1]],
    ['a preparation that does not exist', { labels, preparation: 'x-ray' }, [-1, 28, 28, 1]],
    ['a mean for one channel of three', { labels, mean: [0.5] }, [-1, 28, 28, 3]],
    ['a std of zero', { labels, std: [0] }, [-1, 28, 28, 1]],
    ['handwriting in colour', { labels, preparation: 'handwriting' }, [-1, 28, 28, 3]],
    ['four channels', { labels }, [-1, 28, 28, 4]],
    ['no channels', { labels }, [-1, 28, 28]],
    ['any height', { labels }, [-1, -1, 28, 3]],
  ])('a version with %s is MODEL_CORRUPT', (_, options, shape) => {
    expect(() =>
      imageClassification.bind(options, signature(shape)).preprocess({ kind: 'file', bytes }, 'body'),
    ).toThrow(expect.objectContaining({ code: 'MODEL_CORRUPT' }));
  });
});

describe('the answer', () => {
  const answer = (scores: readonly number[], names: readonly string[] = labels) =>
    imageClassification
      .bind({ labels: names }, signature([-1, 28, 28, 1], 'FP32', names.length))
      .postprocess(new Map([['scores', makeTensor('FP32', [scores.length], Float32Array.from(scores))]]));

  test('is the best label, and the best few in order', () => {
    expect(answer([0.25, 0.5, 0.125])).toEqual({
      label: 'dog',
      score: 0.5,
      top: [
        { label: 'dog', score: 0.5 },
        { label: 'cat', score: 0.25 },
        { label: 'owl', score: 0.125 },
      ],
    });
    expect(answer([0.5, 0.5, 0]).label).toBe('cat');
    const many = Array.from({ length: 1000 }, (_, index) => index);
    expect(answer(many, many.map(String))).toMatchObject({ label: '999', top: { length: 5 } });
  });

  test('of a model with other outputs than labels is MODEL_CORRUPT', () => {
    expect(() => answer([0.5, 0.5])).toThrow(ModeletError);
    expect(() => answer([0.5, 0.5])).toThrow('the task has 3 labels, but the model');
    const two = signature([-1, 28, 28, 1], 'FP32', 2);
    expect(() => imageClassification.bind({ labels }, two)).toThrow(
      'the task has 3 labels, but the model has 1 output(s), the first FP32 [any, 2]',
    );
  });
});
