import { describe, expect, test } from '@jest/globals';
import { isHttpEvent, requestFromEvent, resultFromResponse } from '../../lib/aws/http-event.js';
import { functionUrlEvent, httpApiEvent, restEvent } from '../support/api-events.js';

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);

describe.each([
  ['REST API', restEvent],
  ['HTTP API', httpApiEvent],
  ['function URL', functionUrlEvent],
])('%s', (_, event) => {
  test('a binary body arrives unharmed', async () => {
    const made = event({
      method: 'POST',
      target: '/models/m?version=2',
      headers: { 'content-type': 'image/png' },
      body: everyByte,
    });
    const request = requestFromEvent(made);
    expect(request.method).toBe('POST');
    expect(new URL(request.url).pathname).toBe('/models/m');
    expect(new URL(request.url).searchParams.get('version')).toBe('2');
    expect(request.headers.get('content-type')).toBe('image/png');
    expect(new Uint8Array(await request.arrayBuffer())).toEqual(everyByte);
  });
  test('a path that starts with two slashes stays a path', () => {
    const request = requestFromEvent(event({ method: 'GET', target: '//evil.example//v2' }));
    expect(new URL(request.url).pathname).toBe('/evil.example/v2');
    expect(new URL(request.url).host).not.toContain('evil');
  });
  test('a body on GET is left out, as Request demands', () => {
    expect(requestFromEvent(event({ method: 'GET', target: '/', body: 'x' })).body).toBeNull();
  });
});

test('other events are told apart', () => {
  for (const event of [null, 'x', {}, { Records: [{ eventSource: 'aws:sqs' }] }, { requestContext: {} }]) {
    expect(isHttpEvent(event)).toBe(false);
  }
});

test('results: JSON as text, anything else in base64', async () => {
  const json = await resultFromResponse(new Response('{"a":"ü"}', { headers: { 'content-type': 'application/json' } }));
  expect(json).toMatchObject({ statusCode: 200, body: '{"a":"ü"}', isBase64Encoded: false });
  const binary = await resultFromResponse(
    new Response(everyByte, { headers: { 'content-type': 'application/octet-stream' } }),
  );
  expect(binary.isBase64Encoded).toBe(true);
  expect(new Uint8Array(Buffer.from(binary.body, 'base64'))).toEqual(everyByte);
});
