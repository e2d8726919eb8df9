import { Readable } from 'node:stream';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { StreamedBody } from '../../core/object-store.js';
import { inAttempts } from './attempts.js';
import type { Sdk } from './s3-client.js';
import { isBusy, isPassing } from './s3-errors.js';
import { stalled } from './stall.js';
import { exactly, SourceFailed } from './streamed-body.js';

/** How long the store may take for a chunk or for its answer, ms: it may be writing gigabytes to its disks. */
const patience = 10_000;

/** What became of a put; `again` says whether an attempt before may have been written, and only its answer lost. */
export type Written = { readonly etag: string | undefined } | { readonly error: unknown; readonly again: boolean };

/**
 * One PutObject of a stream, opened again for each of three attempts (the SDK itself tries no stream again). Its length goes
 * ahead, so the store keeps all of it or nothing.
 * An error may be a SourceFailed.
 */
export async function uploadStream(
  sdk: Sdk,
  input: Omit<PutObjectCommandInput, 'Body'>,
  body: StreamedBody,
): Promise<Written> {
  let attempts = 0;
  const attempt = () => {
    attempts++;
    return upload(sdk, input, body);
  };
  const passing = (error: unknown) => !(error instanceof SourceFailed) && isPassing(error);
  try {
    return { etag: await inAttempts(attempt, { passing, busy: isBusy }) };
  } catch (error) {
    return { error, again: attempts > 1 };
  }
}

async function upload(
  { client, commands }: Sdk,
  input: Omit<PutObjectCommandInput, 'Body'>,
  body: StreamedBody,
): Promise<string | undefined> {
  // The reason of the abort is what went wrong first; the SDK's own error only follows from it.
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const storesTurn = () => {
    timer = setTimeout(() => ending.abort(stalled(patience)), patience).unref();
  };
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      clearTimeout(timer);
      for await (const chunk of exactly(body)) {
        storesTurn();
        yield chunk;
        clearTimeout(timer);
      }
      storesTurn();
    } catch (error) {
      // An error in the SDK's stream would go astray, and its end would look like the object's: so the request goes first.
      ending.abort(error);
      await new Promise<never>(() => undefined);
    }
  }
  storesTurn();
  const stream = Readable.from(watched(), { objectMode: false });
  try {
    const command = new commands.PutObjectCommand({ ...input, Body: stream, ContentLength: body.bytes });
    return (await client.send(command, { abortSignal: ending.signal })).ETag;
  } catch (error) {
    throw ending.signal.aborted ? ending.signal.reason : error;
  } finally {
    stream.destroy();
    clearTimeout(timer);
  }
}
