import { ModeletError } from '../core/errors.js';
import { isTooDeep, maxJsonDepth } from '../core/json-depth.js';
import type { HttpRequest } from './http.js';

/** Bytes. API Gateway's base64 makes 6.0 MB of it, which leaves room for the headers in Lambda's event of 6 MiB. */
export const bodyLimit = 4_500_000;

/** @throws PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE for a compressed body */
export async function readBody(request: HttpRequest): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    const message = 'the body is compressed (content-encoding); send it as it is';
    throw new ModeletError('UNSUPPORTED_MEDIA_TYPE', message, { headers: { 'accept-encoding': 'identity' } });
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length <= bodyLimit) return bytes;
  throw bodyTooLarge(bytes.length, new URL(request.url).pathname, mediaType(request));
}

/** What would be right is a job; the message has its request ready. */
export function bodyTooLarge(bytes: number, path: string, type: string): ModeletError {
  const model = /\/models\/([^/:]+)/.exec(path)?.[1] ?? 'MODEL';
  const body = JSON.stringify({ bytes, contentType: withoutParameters(type) || 'application/jsonl' });
  const job = `POST /models/${model}/jobs with ${body}, then PUT the data to its "upload"`;
  return new ModeletError(
    'PAYLOAD_TOO_LARGE',
    `the body has ${bytes} bytes, the limit is ${bodyLimit}; start a job: ${job}`,
  );
}

/** @throws INVALID_REQUEST for anything that is not a JSON object in UTF-8 */
export async function readJsonObject(request: HttpRequest): Promise<Readonly<Record<string, unknown>>> {
  return parseJsonObject(await readBody(request));
}

/** @throws INVALID_REQUEST for anything that is not JSON in UTF-8 */
export async function readJson(request: HttpRequest): Promise<unknown> {
  return parseJson(await readBody(request));
}

/** @throws INVALID_REQUEST for anything that is not a JSON object in UTF-8 */
export function parseJsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value = parseJson(bytes);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ModeletError('INVALID_REQUEST', 'the body must be a JSON object');
}

/** One for all requests: making it takes longer than a small body does. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new ModeletError('INVALID_REQUEST', 'the body is empty, JSON is expected');
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new ModeletError('INVALID_REQUEST', 'the body is not valid JSON in UTF-8');
  }
  if (isTooDeep(text, value)) {
    throw new ModeletError('INVALID_REQUEST', `the body is nested deeper than ${maxJsonDepth} levels`);
  }
  return value;
}

/** The media type without parameters, in lower case; '' where there is none. */
export function mediaType(request: HttpRequest): string {
  return withoutParameters(request.headers.get('content-type') ?? '');
}

const withoutParameters = (type: string): string => type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
