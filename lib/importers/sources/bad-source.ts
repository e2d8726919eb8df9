import { ModeletError } from '../../core/errors.js';

/** INVALID_INPUT about a model's file: why it can't be taken, and what to do; the CLI prints each on a line of its own. */
export function badSource(why: string, todo: string, cause?: unknown): ModeletError {
  // What comes from a file may hold line breaks and control characters; the message's two lines are ours.
  const line = (text: string) => text.replace(/[\s\p{Cc};]+/gu, ' ');
  return new ModeletError('INVALID_INPUT', `${line(why)}; ${line(todo)}`, cause === undefined ? {} : { cause });
}
