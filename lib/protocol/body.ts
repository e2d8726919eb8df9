import { ModeletError } from '../core/errors.js';
import type { HttpRequest } from './http.js';

/** Bytes. API Gateway's base64 makes 6.0 MB of it, which leaves room for the headers in Lambda's event of 6 MiB. */
export const bodyLimit = 4_500_000;

/** Levels of arrays and objects; the deepest request that means something has about twenty. */
const depthLimit = 64;

/** @throws PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE for a compressed body */
export async function readBody(request: HttpRequest): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    const message = 'the body is compressed (content-encoding); send it as it is';
    throw new ModeletError('UNSUPPORTED_MEDIA_TYPE', message, { headers: { 'accept-encoding': 'identity' } });
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length <= bodyLimit) return bytes;
  throw new ModeletError('PAYLOAD_TOO_LARGE', `the body has ${bytes.length} bytes, the limit is ${bodyLimit}`);
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

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new ModeletError('INVALID_REQUEST', 'the body is empty, JSON is expected');
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new ModeletError('INVALID_REQUEST', 'the body is not valid JSON in UTF-8');
  }
  // JSON.parse itself needs no stack, whatever the depth; what comes after it may.
  if (opens(text) > depthLimit && isDeeper(value, depthLimit)) {
    throw new ModeletError('INVALID_REQUEST', `the body is nested deeper than ${depthLimit} levels`);
  }
  return value;
}

/** How many arrays and objects the text may open, counted up to the limit: a flat tensor needs no closer look. */
function opens(text: string): number {
  let count = 0;
  for (const bracket of ['[', '{']) {
    for (let at = text.indexOf(bracket); at !== -1 && count <= depthLimit; at = text.indexOf(bracket, at + 1)) count++;
  }
  return count;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  // By index: an iterator would box every number of a tensor.
  for (let index = 0; index < members.length; index++) {
    const member = members[index];
    if (typeof member === 'object' && isDeeper(member, levels - 1)) return true;
  }
  return false;
}

/** The media type without parameters, in lower case; '' where there is none. */
export function mediaType(request: HttpRequest): string {
  return (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
