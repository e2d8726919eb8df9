import type { LambdaHandler } from '../lib/index.js';
import { type ClassEvaluation, evaluateClasses, type LabelledFile } from './class-evaluation.js';
import { greyPng } from './grey-png.js';
import type { LabelledImages } from './mnist.js';

export interface Evaluation extends Omit<ClassEvaluation, 'count'> {
  readonly images: number;
}

/**
 * Sends each image as a PNG to a digits handler, as API Gateway would, and counts the right answers.
 * @throws when an answer is neither 200 nor 400
 */
export async function evaluate(
  handler: LambdaHandler,
  images: LabelledImages,
  onImage: (done: number) => void,
): Promise<Evaluation> {
  const model = { name: 'digits', mediaType: 'image/png', labels: [...'0123456789'] };
  const { count, ...result } = await evaluateClasses(handler, model, pngs(images), onImage);
  return { images: count, ...result };
}

function* pngs({ count, side, images, labels }: LabelledImages): Iterable<LabelledFile> {
  const size = side * side;
  for (let index = 0; index < count; index++) {
    yield { label: String(labels[index]), bytes: greyPng(images.subarray(index * size, (index + 1) * size), side) };
  }
}
