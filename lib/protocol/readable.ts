import { ModeletError } from '../core/errors.js';

/** What was read, or the reason why it can't be, so that one broken model doesn't hide the others. */
export async function readable<T>(read: () => Promise<T>): Promise<T | ModeletError> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ModeletError) return error;
    throw error;
  }
}

export const isRead = <T>(value: T | ModeletError): value is T => !(value instanceof ModeletError);
