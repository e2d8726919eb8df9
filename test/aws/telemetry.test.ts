import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createTelemetry } from '../../lib/aws/telemetry.js';
import { ModeletError } from '../../lib/core/errors.js';
import type { RequestReport } from '../../lib/protocol/app.js';

let lines: string[] = [];

beforeEach(() => {
  lines = [];
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      lines.push(String(text).trim());
      return true;
    });
  }
});
afterEach(() => {
  jest.restoreAllMocks();
});

function finished(overrides: Partial<RequestReport>): RequestReport {
  return {
    requestId: 'r-1',
    method: 'POST',
    path: '/models/tiny',
    status: 200,
    model: 'tiny',
    version: '3',
    ms: 1.5,
    cold: false,
    stages: new Map([
      ['code', 30.5],
      ['infer', 1.25],
    ]),
    error: undefined,
    ...overrides,
  };
}

const records = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test('one metrics record a request, with the stages; ColdStart only on the first', () => {
  const { report } = createTelemetry('tiny');
  report(finished({ cold: true }));
  report(finished({ status: 400 }));
  expect(records()).toEqual([
    expect.objectContaining({
      service: 'tiny',
      version: '3',
      Requests: 1,
      Latency: 1.5,
      code: 30.5,
      infer: 1.25,
      ColdStart: 1,
    }),
    expect.not.objectContaining({ ColdStart: 1 }),
  ]);
  expect(records()[1]).toMatchObject({ ClientErrors: 1 });
});

test('a failure on our side is a log line with its code and cause', () => {
  const { report } = createTelemetry('tiny');
  const error = new ModeletError('MODEL_UNAVAILABLE', 'the store does not answer', {
    cause: new Error('ECONNREFUSED'),
  });
  report(finished({ status: 503, error }));
  expect(records()[0]).toMatchObject({
    level: 'ERROR',
    message: 'request failed',
    requestId: 'r-1',
    code: 'MODEL_UNAVAILABLE',
    error: { message: 'the store does not answer', cause: 'ECONNREFUSED' },
  });
  expect(records()[1]).toMatchObject({ ServerErrors: 1 });
});

test("a caller's mistake is no log line: its message could quote what was sent", () => {
  const { report } = createTelemetry('tiny');
  report(finished({ status: 400, error: new ModeletError('INVALID_INPUT', 'inputs.secret: no such input') }));
  expect(lines.join('\n')).not.toContain('secret');
});

test('of an unexpected error the log has the stack, not the message that may hold a payload', () => {
  const { report } = createTelemetry('tiny');
  report(finished({ status: 500, error: new TypeError('cannot read secret') }));
  const line = records()[0] as { code: string; error: { name: string; stack: string } };
  expect(line).toMatchObject({ code: 'UNEXPECTED', error: { name: 'TypeError' } });
  expect(line.error.stack).toContain('telemetry.test');
  expect(lines.join('\n')).not.toContain('secret');
});

test('what happens to versions is a log line and a metric of its own', () => {
  const { log, report } = createTelemetry('tiny');
  log.event('VersionSwapped', { model: 'tiny', alias: 'production', version: '2', from: '1' });
  report(finished({}));
  const [line, metric, request] = records();
  expect(line).toMatchObject({ level: 'INFO', message: 'VersionSwapped', version: '2', from: '1' });
  expect(metric).toMatchObject({ service: 'tiny', VersionSwapped: 1 });
  expect(request).toMatchObject({ Requests: 1 });
  expect(request).not.toHaveProperty('VersionSwapped');
});
