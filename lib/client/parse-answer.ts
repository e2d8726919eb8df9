import { RequestError } from './request-error.js';
import type { Answer } from './send.js';

/** @throws RequestError for an answer that is not JSON */
export function parse<T>({ bytes }: Answer): T {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch (cause) {
    throw new RequestError('UNEXPECTED_ANSWER', 'the answer is not JSON', false, 200, undefined, { cause });
  }
}
