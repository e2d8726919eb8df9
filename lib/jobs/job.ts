import * as v from 'valibot';
import { readJson } from '../batch/read-json.js';
import { ModeletError } from '../core/errors.js';
import type { Declared } from './links.js';
import { jobMediaTypes } from './media-types.js';

/** What a client asks for: an upload of this size and type, to be answered as a batch. */
export interface JobRequest extends Declared {
  /** Makes the request safe to send again: the same token is the same job. */
  readonly clientToken?: string | undefined;
}

/** S3 takes no more in one PUT. */
const mostBytes = 5 * 1024 ** 3;

const count = 'expected a whole number of bytes, 1 or more';
const requestSchema = v.strictObject(
  {
    bytes: v.pipe(v.number(count), v.safeInteger(count), v.minValue(1, count)),
    contentType: v.pipe(v.string('expected a media type'), v.toLowerCase()),
    clientToken: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(128))),
  },
  (issue) =>
    issue.expected === 'never' ? 'no such field; there are bytes, contentType and clientToken' : 'is missing',
);

/** @throws INVALID_REQUEST, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE */
export function parseJobRequest(body: unknown): JobRequest & { readonly ending: string } {
  const parsed = v.safeParse(requestSchema, body, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const example = '{"bytes": 52428800, "contentType": "application/zip"}';
    throw new ModeletError('INVALID_REQUEST', `${v.getDotPath(issue) ?? 'body'}: ${issue.message}; send ${example}`);
  }
  const { output } = parsed;
  if (output.bytes > mostBytes) {
    throw new ModeletError('PAYLOAD_TOO_LARGE', `an upload has at most ${mostBytes} bytes; split it`);
  }
  const ending = Object.hasOwn(jobMediaTypes, output.contentType) ? jobMediaTypes[output.contentType] : undefined;
  if (ending !== undefined) return { ...output, ending };
  const known = Object.keys(jobMediaTypes).join(', ');
  throw new ModeletError(
    'UNSUPPORTED_MEDIA_TYPE',
    `contentType '${output.contentType}' is not read; there are ${known}`,
  );
}

const recordSchema = v.object({
  id: v.string(),
  /** Of the upload, below `inbox/<model>/`. */
  key: v.string(),
  bytes: v.number(),
  contentType: v.string(),
  created: v.pipe(v.string(), v.isoTimestamp()),
});

/** What is kept of a job beside its upload and its results. */
export type JobRecord = v.InferOutput<typeof recordSchema>;

/** @returns undefined for bytes that are no record */
export const parseJobRecord = (bytes: Uint8Array): JobRecord | undefined => readJson(recordSchema, bytes);
