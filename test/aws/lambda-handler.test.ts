import { expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import type { ChunkHandler } from '../../lib/aws/chunk-handler.js';
import { createLambdaHandler } from '../../lib/aws/lambda-handler.js';
import type { QueueHandler } from '../../lib/aws/queue-handler.js';
import { restEvent } from '../support/api-events.js';

const limit = 6 * 1024 * 1024;
const context = { getRemainingTimeInMillis: () => 29_000 } as Context;

async function answerTo(body: string | Uint8Array) {
  const handler = createLambdaHandler(async () => ({ status: 200, headers: { 'x-modelet-version': '1' }, body }));
  const result = await handler(restEvent({ method: 'GET', target: '/' }), context);
  return { status: result.statusCode, bytes: Buffer.byteLength(JSON.stringify(result)), body: result.body };
}

test.each([
  ['text', 'x'.repeat(limit - 200)],
  ['bytes', new Uint8Array((limit / 4) * 3 - 200)],
])('%s just within the 6 MB that Lambda returns go out', async (_, body) => {
  const { status, bytes } = await answerTo(body);
  expect(status).toBe(200);
  expect(bytes).toBeGreaterThan(limit - 1024);
  expect(bytes).toBeLessThanOrEqual(limit);
});

test.each([
  ['text', 'x'.repeat(limit)],
  ['text of which each character takes two bytes', 'ü'.repeat(limit / 2)],
  ['text whose quotes are escaped', '"'.repeat(limit / 2)],
  ['text of control characters, six times as long in JSON', '\u0000'.repeat(limit / 6)],
  ['bytes, in base64', new Uint8Array((limit / 4) * 3)],
])('a larger answer is a 413 of ours: %s', async (_, body) => {
  const { status, body: text } = await answerTo(body);
  expect(status).toBe(413);
  expect(JSON.parse(text)).toEqual({
    error: expect.stringMatching(/^the answer is larger than .*; send fewer instances/),
    code: 'PAYLOAD_TOO_LARGE',
    requestId: expect.any(String),
  });
});

test("a queue's event goes to the queue, with the time that is left; without a queue it is refused", async () => {
  const app = async () => ({ status: 200, headers: {}, body: '' });
  const event = { Records: [{ eventSource: 'aws:sqs' }] };
  const queue: QueueHandler = async (_, remainingMs) => ({
    batchItemFailures: [{ itemIdentifier: `${remainingMs()} ms` }],
  });
  const handler = createLambdaHandler(app, { queue });
  expect(await handler(event, context)).toEqual({ batchItemFailures: [{ itemIdentifier: '29000 ms' }] });
  expect(await handler(restEvent({ method: 'GET', target: '/' }), context)).toMatchObject({ statusCode: 200 });
  await expect(createLambdaHandler(app)(event, context)).rejects.toThrow(/this function takes events of API Gateway/);
  await expect(handler({ Records: [{ eventSource: 'aws:s3' }] }, context)).rejects.toThrow(
    /of its queue and of its state machine/,
  );
});

test("a step of a distributed batch goes to its handler, with the time that is left; what is wrong with it is the state machine's to know", async () => {
  const app = async () => ({ status: 200, headers: {}, body: '' });
  const event = { distributed: { step: 'plan', key: 'a.jsonl', upload: '0'.repeat(32) } };
  const chunks: ChunkHandler = async (_, remainingMs) => ({ chunks: remainingMs() });
  expect(await createLambdaHandler(app, { chunks })(event, context)).toEqual({ chunks: 29000 });
  await expect(createLambdaHandler(app)(event, context)).rejects.toThrow(/this function takes events of API Gateway/);
});
