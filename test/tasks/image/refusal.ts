import { ModeletError } from '../../../lib/core/errors.js';
import { decodeImage } from '../../../lib/tasks/image/decode-image.js';

/** INVALID_INPUT's message for a file, or undefined where it decodes; any other error is thrown on. */
export function refusal(file: Uint8Array): string | undefined {
  try {
    decodeImage(file, 'body');
    return undefined;
  } catch (error) {
    if (error instanceof ModeletError && error.code === 'INVALID_INPUT') return error.message;
    throw error;
  }
}

/** As `refusal`, with the time that it took in ms. */
export function timedRefusal(file: Uint8Array): { refused: string | undefined; ms: number } {
  const start = performance.now();
  const refused = refusal(file);
  return { refused, ms: performance.now() - start };
}
