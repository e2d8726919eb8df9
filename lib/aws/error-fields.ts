import { ModeletError } from '../core/errors.js';

/**
 * Messages of our own errors are safe to log. Any other may quote what was sent (JSON.parse does), so of it only the frames of
 * the stack are kept: they say where, which is what a bug needs.
 */
export function errorFields(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: 'not an error' };
  const { cause: inner } = error;
  // A parser's message quotes what it read.
  const cause = inner instanceof Error ? { cause: inner instanceof SyntaxError ? inner.name : inner.message } : {};
  if (error instanceof ModeletError) return { message: error.message, ...cause };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { name: error.name, stack: frames.map((line) => line.trim()).join('\n') };
}
