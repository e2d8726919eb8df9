import type { Context } from 'aws-lambda';
import type { LambdaHandler } from '../lib/index.js';
import { taskEvent } from './task-event.js';

/** A file whose class is known. */
export interface LabelledFile {
  readonly label: string;
  readonly bytes: Uint8Array;
}

export interface ClassEvaluation {
  readonly count: number;
  /** Files that the model would not judge (400); they count as wrong. */
  readonly refused: number;
  readonly correct: number;
  readonly accuracy: number;
  /** `confusion[class][answer]`: how many files of a class got an answer, in the order of the labels. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Sends each file to a handler's task route, as API Gateway would, and counts the right answers.
 * @param files read one after another
 * @throws when an answer is neither 200 nor 400
 */
export async function evaluateClasses(
  handler: LambdaHandler,
  model: { readonly name: string; readonly mediaType: string; readonly labels: readonly string[] },
  files: Iterable<LabelledFile>,
  onFile: (done: number) => void,
): Promise<ClassEvaluation> {
  const confusion = model.labels.map(() => model.labels.map(() => 0));
  let [count, refused] = [0, 0];
  for (const { label, bytes } of files) {
    const event = taskEvent(model.name, model.mediaType, bytes);
    const { statusCode, body } = await handler(event, { getRemainingTimeInMillis: () => 29_000 } as Context);
    onFile(++count);
    if (statusCode === 400) refused++;
    else if (statusCode !== 200) throw new Error(`file ${count} of the test got ${statusCode}: ${body}`);
    else {
      const row = confusion[model.labels.indexOf(label)] as number[];
      const answer = model.labels.indexOf((JSON.parse(body ?? '') as { label: string }).label);
      row[answer] = (row[answer] as number) + 1;
    }
  }
  const correct = confusion.reduce((sum, row, index) => sum + (row[index] as number), 0);
  return { count, refused, correct, accuracy: correct / count, confusion };
}
