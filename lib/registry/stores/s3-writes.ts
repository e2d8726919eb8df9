import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { PutCondition, StreamedBody } from '../../core/object-store.js';
import { streamingClient, wholeClient } from './s3-client.js';
import { attemptsOf, isMissing, statusOf } from './s3-errors.js';
import { uploadStream, type Written } from './s3-upload.js';

const firstByte = 3000; // ms, per attempt

/** What is written to a bucket, by full keys and the SDK. Throws the SDK's errors, and SourceFailed. */
export interface S3Writes {
  put(key: string, body: Uint8Array | StreamedBody, condition?: PutCondition): Promise<string | undefined>;
  delete(key: string): Promise<void>;
}

/** Clients are made at their first use and kept. */
export function s3Writes(bucket: string): S3Writes {
  const whole = once(wholeClient);
  const streaming = once(streamingClient);

  /** The etag of the object if this very write made it. */
  async function etagIfWritten(Key: string, write: string): Promise<string | undefined> {
    try {
      const command = new HeadObjectCommand({ Bucket: bucket, Key });
      const head = await (await whole()).send(command, { requestTimeout: firstByte });
      return head.Metadata?.write === write ? head.ETag : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  return {
    put: async (key, body, condition) => {
      const write = randomUUID();
      const input = { Bucket: bucket, Key: key, ...conditionHeaders(condition), Metadata: { write } };
      const written =
        body instanceof Uint8Array
          ? await putWhole(await whole(), { ...input, Body: body })
          : await uploadStream(await streaming(), input, body);
      if ('etag' in written) {
        if (written.etag === undefined) throw new Error('the answer has no ETag');
        return written.etag;
      }
      if (condition === undefined || !conditionFailed(written.error)) throw written.error;
      // An attempt before may have been written, and only its answer lost.
      return written.again ? etagIfWritten(key, write) : undefined;
    },

    delete: async (key) => {
      const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
      await (await whole()).send(command, { requestTimeout: firstByte });
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function putWhole(client: S3Client, input: PutObjectCommandInput): Promise<Written> {
  try {
    return { etag: (await client.send(new PutObjectCommand(input))).ETag };
  } catch (error) {
    return { error, again: attemptsOf(error) > 1 };
  }
}

const conditionHeaders = (condition: PutCondition | undefined) =>
  condition && ('ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch });

// 412 precondition failed; 409 another conditional write was faster; 404 nothing there to match.
const conditionFailed = (error: unknown): boolean => [412, 409].includes(statusOf(error) ?? 0) || isMissing(error);
