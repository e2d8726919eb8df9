import type { Context } from 'aws-lambda';
import type { LambdaHandler } from '../../lib/aws/lambda-handler.js';
import { readAnswer, restEvent } from './api-events.js';

/** A body of the binary tensor data extension: the JSON object, and the pieces after it. */
export function binaryBody(object: unknown, ...pieces: readonly Uint8Array[]): { body: Buffer; length: number } {
  const json = Buffer.from(JSON.stringify(object));
  return { body: Buffer.concat([json, ...pieces]), length: json.length };
}

export interface BinaryAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON object, or all of an answer without binary data. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly json: any;
  /** What follows the JSON object. */
  readonly binary: Buffer;
}

/** Takes an answer apart as the extension says. */
export function readBinaryAnswer(
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Pick<BinaryAnswer, 'json' | 'binary'> {
  const header = headers['inference-header-content-length'];
  const length = header === undefined ? body.length : Number(header);
  return { json: JSON.parse(body.toString('utf8', 0, length)), binary: body.subarray(length) };
}

/**
 * Sends bodies to a handler as a REST API would, which makes base64 of them.
 * @param length the header; none when undefined
 */
export function binaryClient(handler: LambdaHandler) {
  const context = { getRemainingTimeInMillis: () => 29_000 } as Context;
  return async (
    target: string,
    body: Uint8Array,
    length: number | string | undefined,
    contentType = 'application/octet-stream',
  ): Promise<BinaryAnswer> => {
    const header = length === undefined ? {} : { 'Inference-Header-Content-Length': String(length) };
    const event = restEvent({ method: 'POST', target, headers: { 'Content-Type': contentType, ...header }, body });
    const answer = readAnswer(await handler(event, context));
    return { status: answer.status, headers: answer.headers, ...readBinaryAnswer(answer.headers, answer.body) };
  };
}
