import { randomUUID } from 'node:crypto';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { PutCondition, StreamedBody } from '../../core/object-store.js';
import { once } from '../../core/once.js';
import { type Sdk, streamingSdk, wholeSdk } from './s3-client.js';
import { attemptsOf, isHungUp, isMissing, statusOf } from './s3-errors.js';
import { singlePut, uploadInParts } from './s3-multipart.js';
import { uploadStream, type Written } from './s3-upload.js';

const firstByte = 3000; // ms, per attempt

/** What is written to a bucket, by full keys and the SDK. Throws the SDK's errors, and SourceFailed. */
export interface S3Writes {
  put(key: string, body: Uint8Array | StreamedBody, condition?: PutCondition): Promise<string | undefined>;
  delete(key: string): Promise<void>;
}

/** Clients are made at their first use and kept. */
export function s3Writes(bucket: string): S3Writes {
  const whole = once(wholeSdk);
  const streaming = once(streamingSdk);

  /**
   * The etag of the object if this very write made it.
   * @param instead thrown where that can't be told
   */
  async function etagIfWritten(Key: string, mark: string, instead?: unknown): Promise<string | undefined> {
    try {
      const { client, commands } = await whole();
      const command = new commands.HeadObjectCommand({ Bucket: bucket, Key });
      const head = await client.send(command, { requestTimeout: firstByte });
      return head.Metadata?.write === mark ? head.ETag : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw instead ?? error;
    }
  }

  async function write(body: Uint8Array | StreamedBody, input: PutObjectCommandInput): Promise<Written> {
    if (body instanceof Uint8Array) return putWhole(await whole(), { ...input, Body: body });
    return body.bytes > singlePut
      ? uploadInParts(await whole(), input, body)
      : uploadStream(await streaming(), input, body);
  }

  return {
    put: async (key, body, condition) => {
      const mark = randomUUID();
      const input = { Bucket: bucket, Key: key, ...conditionHeaders(condition), Metadata: { write: mark } };
      const written = await write(body, input);
      if ('etag' in written) {
        if (written.etag === undefined) throw new Error('the answer has no ETag');
        return written.etag;
      }
      const { error, again } = written;
      const refused = conditionFailed(error);
      if (!refused && !(again && answers(error))) throw error;
      // An attempt before may have been written, and only its answer lost. The next is then refused, or hung up on in its middle.
      const etag = again ? await etagIfWritten(key, mark, refused ? undefined : error) : undefined;
      if (etag === undefined && !(refused && condition !== undefined)) throw error;
      return etag;
    },

    delete: async (key) => {
      const { client, commands } = await whole();
      const command = new commands.DeleteObjectCommand({ Bucket: bucket, Key: key });
      try {
        await client.send(command, { requestTimeout: firstByte });
      } catch (error) {
        // S3 itself says nothing of it; others do where two delete at the same time.
        if (!isMissing(error)) throw error;
      }
    },
  };
}

async function putWhole({ client, commands }: Sdk, input: PutObjectCommandInput): Promise<Written> {
  try {
    return { etag: (await client.send(new commands.PutObjectCommand(input))).ETag };
  } catch (error) {
    return { error, again: attemptsOf(error) > 1 };
  }
}

const conditionHeaders = (condition: PutCondition | undefined) =>
  condition && ('ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch });

/** Whether a store that failed is likely to answer a question; one that was waited for in vain is not. */
const answers = (error: unknown): boolean => isHungUp(error) || (statusOf(error) ?? 0) >= 500;

// 412 precondition failed; 409 another conditional write was faster; 404 nothing there to match (or the upload of parts, whose
// completion was sent twice).
const conditionFailed = (error: unknown): boolean =>
  [412, 409].includes(statusOf(error) ?? 0) || isMissing(error) || (error as Error).name === 'NoSuchUpload';
