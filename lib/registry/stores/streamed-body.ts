import { ModeletError } from '../../core/errors.js';
import type { StreamedBody } from '../../core/object-store.js';

/** A body's own stream broke off, or had another size than it said; the cause is what whoever writes it gets. */
export class SourceFailed extends Error {}

/**
 * The bytes of a body from its start, held against the size it said.
 * @throws SourceFailed, with MODEL_UNAVAILABLE as its cause where there are more or fewer bytes than said
 */
export async function* exactly(body: StreamedBody): AsyncGenerator<Uint8Array> {
  let came = 0;
  try {
    for await (const chunk of body.open()) {
      came += chunk.length;
      if (came > body.bytes) break;
      if (chunk.length > 0) yield chunk;
    }
  } catch (cause) {
    throw new SourceFailed('the stream broke off', { cause });
  }
  if (came === body.bytes) return;
  const found = came > body.bytes ? 'more' : `${came}`;
  const problem = `a stream of ${body.bytes} bytes was to be written, but ${found} came; nothing was written`;
  throw new SourceFailed(problem, { cause: new ModeletError('MODEL_UNAVAILABLE', problem) });
}
