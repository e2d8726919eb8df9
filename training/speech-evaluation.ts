import { readFileSync } from 'node:fs';
import type { Context } from 'aws-lambda';
import type { LambdaHandler } from '../lib/index.js';
import type { Recording } from './spoken-digits-data.js';
import { taskEvent } from './task-event.js';

export interface SpeechEvaluation {
  readonly sounds: number;
  readonly correct: number;
  readonly accuracy: number;
  /** `confusion[digit][answer]`: how many recordings of a digit got an answer. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Sends each recording's file to a spoken-digits handler, as API Gateway would, and counts the right answers.
 * @throws when an answer is not 200
 */
export async function evaluateSpeech(
  handler: LambdaHandler,
  recordings: readonly Recording[],
  onSound: (done: number) => void,
): Promise<SpeechEvaluation> {
  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  for (const [done, { digit, path }] of recordings.entries()) {
    const event = taskEvent('spoken-digits', 'audio/wav', readFileSync(path));
    const { statusCode, body } = await handler(event, { getRemainingTimeInMillis: () => 29_000 } as Context);
    if (statusCode !== 200) throw new Error(`${path} got ${statusCode}: ${body}`);
    const row = confusion[digit] as number[];
    const answer = Number((JSON.parse(body ?? '') as { label: string }).label);
    row[answer] = (row[answer] as number) + 1;
    onSound(done + 1);
  }
  const correct = confusion.reduce((sum, row, digit) => sum + (row[digit] as number), 0);
  return { sounds: recordings.length, correct, accuracy: correct / recordings.length, confusion };
}
