import { ModeletError } from '../core/errors.js';
import type { HttpRequest } from './http.js';

/** Bytes. API Gateway's base64 makes 6.0 MB of it, which leaves room for the headers in Lambda's event of 6 MiB. */
export const bodyLimit = 4_500_000;

/** @throws PAYLOAD_TOO_LARGE */
export async function readBody(request: HttpRequest): Promise<Uint8Array> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length <= bodyLimit) return bytes;
  throw new ModeletError('PAYLOAD_TOO_LARGE', `the body has ${bytes.length} bytes, the limit is ${bodyLimit}`);
}

/** @throws INVALID_REQUEST for anything that is not a JSON object in UTF-8 */
export async function readJsonObject(request: HttpRequest): Promise<Readonly<Record<string, unknown>>> {
  const value = await readJson(request);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ModeletError('INVALID_REQUEST', 'the body must be a JSON object');
}

/** @throws INVALID_REQUEST for anything that is not JSON in UTF-8 */
export async function readJson(request: HttpRequest): Promise<unknown> {
  const bytes = await readBody(request);
  if (bytes.length === 0) throw new ModeletError('INVALID_REQUEST', 'the body is empty, JSON is expected');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ModeletError('INVALID_REQUEST', 'the body is not valid JSON in UTF-8');
  }
}

/** The media type without parameters, in lower case; '' where there is none. */
export function mediaType(request: HttpRequest): string {
  return (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
