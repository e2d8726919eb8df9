import type { CompletedPart, PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { StreamedBody } from '../../core/object-store.js';
import type { Sdk } from './s3-client.js';
import { attemptsOf } from './s3-errors.js';
import type { Written } from './s3-upload.js';
import { exactly } from './streamed-body.js';

/** What S3 takes in one request; above, an object is uploaded in parts. */
export const singlePut = 5 * 2 ** 30;
/** Held in memory, one at a time. */
const usualPart = 2 ** 26;
const mostParts = 10_000;

/**
 * A stream in parts, which become the object all at once, and where the condition holds then. Each part is tried again by
 * itself, so the stream is opened once. The etag is not that of one put, but the same for the same bytes and parts.
 */
export async function uploadInParts(
  { client, commands }: Sdk,
  input: Omit<PutObjectCommandInput, 'Body'>,
  body: StreamedBody,
  partBytes = Math.max(usualPart, Math.ceil(body.bytes / mostParts)),
): Promise<Written> {
  const { Bucket, Key, Metadata, ...condition } = input;
  const { UploadId } = await client.send(new commands.CreateMultipartUploadCommand({ Bucket, Key, Metadata }));
  const upload = { Bucket, Key, UploadId };
  try {
    const Parts: CompletedPart[] = [];
    for await (const part of inParts(exactly(body), partBytes)) {
      const PartNumber = Parts.length + 1;
      const { ETag } = await client.send(new commands.UploadPartCommand({ ...upload, PartNumber, Body: part }));
      Parts.push({ PartNumber, ETag });
    }
    const complete = { ...upload, ...condition, MultipartUpload: { Parts } };
    return { etag: (await client.send(new commands.CompleteMultipartUploadCommand(complete))).ETag };
  } catch (error) {
    // What stays of it costs money until a lifecycle rule removes it. May be complete, or the store gone: then it can't be.
    await client.send(new commands.AbortMultipartUploadCommand(upload)).catch(() => undefined);
    return { error, again: attemptsOf(error) > 1 };
  }
}

async function* inParts(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let part = Buffer.allocUnsafe(bytes);
  let filled = 0;
  for await (let chunk of chunks) {
    while (chunk.length > 0) {
      const taken = chunk.subarray(0, bytes - filled);
      part.set(taken, filled);
      filled += taken.length;
      chunk = chunk.subarray(taken.length);
      if (filled === bytes) {
        yield part;
        part = Buffer.allocUnsafe(bytes);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}
