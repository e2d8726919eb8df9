import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { Context } from 'aws-lambda';
import type { LambdaHandler } from '../../lib/aws/lambda-handler.js';
import { createRegistry, type Registry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { type ApiRequest, restEvent } from './api-events.js';

// What Lambda writes to CloudWatch would drown the test's own output.
process.env.POWERTOOLS_METRICS_DISABLED = 'true';
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A registry in a temporary folder, removed when the test file has run. */
export function temporaryRegistry(): Registry {
  const folder = mkdtempSync(join(tmpdir(), 'modelet-'));
  folders.push(folder);
  return createRegistry(fileStore(folder));
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly json: any;
}

/** Sends requests to a handler as a REST API would. */
export function client(handler: LambdaHandler, remainingMs = 29_000) {
  const send = async (request: ApiRequest): Promise<Answer> => {
    const context = { getRemainingTimeInMillis: () => remainingMs } as Context;
    const { statusCode, headers, body } = await handler(restEvent(request), context);
    return { status: statusCode, headers, json: body === '' ? undefined : JSON.parse(body) };
  };
  return {
    send,
    get: (target: string) => send({ method: 'GET', target }),
    post: (target: string, body: unknown, contentType = 'application/json') =>
      send({
        method: 'POST',
        target,
        headers: contentType === '' ? {} : { 'content-type': contentType },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
  };
}
