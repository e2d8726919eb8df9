import { readFileSync } from 'node:fs';
import type { LambdaHandler } from '../lib/index.js';
import { type ClassEvaluation, evaluateClasses, type LabelledFile } from './class-evaluation.js';
import type { Recording } from './spoken-digits-data.js';

export interface SpeechEvaluation extends Omit<ClassEvaluation, 'count'> {
  readonly sounds: number;
}

/**
 * Sends each recording's file to a spoken-digits handler, as API Gateway would, and counts the right answers.
 * @throws when an answer is neither 200 nor 400
 */
export async function evaluateSpeech(
  handler: LambdaHandler,
  recordings: readonly Recording[],
  onSound: (done: number) => void,
): Promise<SpeechEvaluation> {
  const model = { name: 'spoken-digits', mediaType: 'audio/wav', labels: [...'0123456789'] };
  const { count, ...result } = await evaluateClasses(handler, model, files(recordings), onSound);
  return { sounds: count, ...result };
}

function* files(recordings: readonly Recording[]): Iterable<LabelledFile> {
  for (const { digit, path } of recordings) yield { label: String(digit), bytes: readFileSync(path) };
}
