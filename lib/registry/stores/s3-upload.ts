import { Readable } from 'node:stream';
import { PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { ModeletError } from '../../core/errors.js';
import type { StreamedBody } from '../../core/object-store.js';
import { inAttempts } from './attempts.js';
import { isBusy, isPassing } from './s3-errors.js';
import { stalled } from './stall.js';
import { exactly, SourceFailed } from './streamed-body.js';

/** How long the store may take for a chunk or for its answer, ms: it may be writing gigabytes to its disks. */
const patience = 10_000;
/** What S3 takes in one request. */
const limit = 5 * 2 ** 30;

/** What became of a put; `again` says whether an attempt before may have been written, and only its answer lost. */
export type Written = { readonly etag: string | undefined } | { readonly error: unknown; readonly again: boolean };

/**
 * One PutObject of a stream, opened again for each of three attempts (the SDK itself tries no stream again). Its length goes
 * ahead, so the store keeps all of it or nothing.
 * An error may be a SourceFailed.
 */
export async function uploadStream(
  client: S3Client,
  input: Omit<PutObjectCommandInput, 'Body'>,
  body: StreamedBody,
): Promise<Written> {
  if (body.bytes > limit) {
    const problem = `an object of ${body.bytes} bytes is more than S3 takes at once (5 GiB); write it in smaller ones`;
    throw new ModeletError('MODEL_UNAVAILABLE', problem);
  }
  let attempts = 0;
  const attempt = () => {
    attempts++;
    return upload(client, input, body);
  };
  const passing = (error: unknown) => !(error instanceof SourceFailed) && isPassing(error);
  try {
    return { etag: await inAttempts(attempt, { passing, busy: isBusy }) };
  } catch (error) {
    return { error, again: attempts > 1 };
  }
}

async function upload(
  client: S3Client,
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
    const command = new PutObjectCommand({ ...input, Body: stream, ContentLength: body.bytes });
    return (await client.send(command, { abortSignal: ending.signal })).ETag;
  } catch (error) {
    throw ending.signal.aborted ? ending.signal.reason : error;
  } finally {
    stream.destroy();
    clearTimeout(timer);
  }
}
