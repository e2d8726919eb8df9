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
  test('any method arrives, also one that a web Request refuses', () => {
    for (const method of ['GET', 'PATCH', 'TRACE']) {
      expect(requestFromEvent(event({ method, target: '/models' }))).toMatchObject({ method });
    }
  });
  test('no body is no bytes, and text stays text', async () => {
    expect((await requestFromEvent(event({ method: 'GET', target: '/' })).arrayBuffer()).byteLength).toBe(0);
    const made = { ...event({ method: 'POST', target: '/', body: '' }), body: 'ü', isBase64Encoded: false };
    expect(Buffer.from(await requestFromEvent(made).arrayBuffer()).toString()).toBe('ü');
  });
});

test('other events are told apart', () => {
  for (const event of [null, 'x', {}, { Records: [{ eventSource: 'aws:sqs' }] }, { requestContext: {} }]) {
    expect(isHttpEvent(event)).toBe(false);
  }
});

test('results: text as it is, bytes in base64', () => {
  expect(resultFromResponse({ status: 200, headers: {}, body: '{"a":"ü"}' })).toEqual({
    statusCode: 200,
    headers: {},
    body: '{"a":"ü"}',
    isBase64Encoded: false,
  });
  const binary = resultFromResponse({ status: 200, headers: {}, body: everyByte });
  expect(binary.isBase64Encoded).toBe(true);
  expect(new Uint8Array(Buffer.from(binary.body, 'base64'))).toEqual(everyByte);
});
