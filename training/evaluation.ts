import type { Context } from 'aws-lambda';
import type { LambdaHandler } from '../lib/index.js';
import { greyPng } from './grey-png.js';
import type { LabelledImages } from './mnist.js';
import { taskEvent } from './task-event.js';

export interface Evaluation {
  readonly images: number;
  readonly correct: number;
  readonly accuracy: number;
  /** `confusion[digit][answer]`: how many images of a digit got an answer. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Sends each image as a PNG to a digits handler, as API Gateway would, and counts the right answers.
 * @throws when an answer is not 200
 */
export async function evaluate(
  handler: LambdaHandler,
  { count, side, images, labels }: LabelledImages,
  onImage: (done: number) => void,
): Promise<Evaluation> {
  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  const size = side * side;
  for (let index = 0; index < count; index++) {
    const data = images.subarray(index * size, (index + 1) * size);
    const png = greyPng(data, side);
    const event = taskEvent('digits', 'image/png', png);
    const { statusCode, body } = await handler(event, { getRemainingTimeInMillis: () => 29_000 } as Context);
    if (statusCode !== 200) throw new Error(`image ${index} got ${statusCode}: ${body}`);
    const row = confusion[labels[index] as number] as number[];
    const answer = Number((JSON.parse(body ?? '') as { label: string }).label);
    row[answer] = (row[answer] as number) + 1;
    onImage(index + 1);
  }
  const correct = confusion.reduce((sum, row, digit) => sum + (row[digit] as number), 0);
  return { images: count, correct, accuracy: correct / count, confusion };
}
