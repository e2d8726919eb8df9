import { beforeAll, describe, expect, test } from '@jest/globals';
import { readRecords } from '../../lib/batch/readers/read-records.js';
import { runBatch } from '../../lib/batch/run-batch.js';
import type { ObjectStore } from '../../lib/core/object-store.js';
import { serveModel, tensor } from '../../lib/index.js';
import type { JobView } from '../../lib/jobs/jobs.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { openService } from '../../lib/serve-model.js';
import type { Service } from '../../lib/service.js';
import { restEvent } from '../support/api-events.js';
import type { Answer } from '../support/serve.js';
import { tinyOutput } from '../support/tiny-model.js';

const silent = () => undefined;
const log = { info: silent, warn: silent, error: silent, event: silent };
const lines = Buffer.from('[1,2,3]\n[0,0,0]\nnonsense\n');
const declared = { bytes: lines.length, contentType: 'application/jsonl' };

/**
 * What jobs do whatever the store behind them is; MODELET_REGISTRY has the model `tiny`.
 * @param origin that links of the local server begin with
 */
export function jobsContract(dataLocation: () => string, origin: () => string): void {
  const handler = serveModel('tiny', { tasks: [tensor] });
  let data: ObjectStore;
  let service: Service;
  beforeAll(async () => {
    process.env.MODELET_DATA = dataLocation();
    data = await openStore(dataLocation());
    service = (await openService('tiny', [tensor])).service;
  });

  const ask = async (method: string, path: string, body?: unknown, consumer = 'key-1'): Promise<Answer> => {
    const event = restEvent({
      method,
      target: `/models/tiny/jobs${path}`,
      headers: { 'content-type': 'application/json', host: new URL(origin()).host, 'x-forwarded-proto': 'http' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const asking = { ...event, requestContext: { ...event.requestContext, identity: { apiKeyId: consumer } } };
    const answer = await handler(asking as object, { getRemainingTimeInMillis: () => 29_000 } as never);
    const {
      statusCode,
      headers,
      body: text,
    } = answer as { statusCode: number; headers: Answer['headers']; body: string };
    return { status: statusCode, headers, json: text === '' ? undefined : JSON.parse(text) };
  };
  const start = async (more: object = {}) => (await ask('POST', '', { ...declared, ...more })).json as JobView;
  const put = async ({ upload }: JobView, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const { 'content-length': _own, ...signed } = { ...upload?.headers };
    const answer = await fetch(upload?.url ?? '', { method: 'PUT', headers: { ...signed, ...headers }, body });
    await answer.text();
    return answer.status;
  };
  /** Below `inbox/tiny/`, as the queue's event would name it. */
  const keyOf = async (id: string): Promise<string> => {
    const name = (await data.list('inbox/tiny/jobs/')).find((each) => each.startsWith(id));
    return `jobs/${name}`;
  };
  const runAt = (key: string) => runBatch({ service, data, read: readRecords, key, remainingMs: () => Infinity, log });
  const run = async (id: string) => runAt(await keyOf(id));

  test('waits for its upload, then for its answers, and has them', async () => {
    const { status, headers, json: job } = await ask('POST', '', declared);
    expect({ status, location: headers.location }).toEqual({ status: 202, location: `/models/tiny/jobs/${job.id}` });
    expect(job).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      state: 'waiting',
      upload: {
        method: 'PUT',
        url: expect.stringMatching(/^http:/),
        headers: expect.objectContaining({
          'content-type': declared.contentType,
          'content-length': String(lines.length),
        }),
      },
    });
    expect((await ask('GET', `/${job.id}`)).json).toMatchObject({ state: 'waiting', upload: { method: 'PUT' } });
    expect(await put(job, lines)).toBe(200);
    expect((await ask('GET', `/${job.id}`)).json).toEqual({ id: job.id, state: 'waiting', progress: 0 });
    await run(job.id);
    const { json: done } = await ask('GET', `/${job.id}`);
    expect(done).toMatchObject({ state: 'done', progress: 1, summary: { records: 3, ok: 2, failed: 1, version: '1' } });
    const rows = (await (await fetch(done.result.url)).text()).trimEnd().split('\n');
    expect(JSON.parse(rows[0] ?? '')).toEqual({ index: 0, output: { outputs: { y: tinyOutput([[1, 2, 3]])[0] } } });
    expect(rows).toHaveLength(3);
  });

  test('a share of it is told while it runs', async () => {
    const job = await start();
    await put(job, lines);
    // Time for one part, and no more.
    let asked = 0;
    const outcome = await runBatch(
      {
        service,
        data,
        read: readRecords,
        key: await keyOf(job.id),
        remainingMs: () => (asked++ < 4 ? 1e6 : 0),
        log,
      },
      { bytes: 1, ms: 1e6 },
    );
    expect(outcome.state).toBe('unfinished');
    const { json } = await ask('GET', `/${job.id}`);
    expect(json).toEqual({ id: job.id, state: 'running', progress: expect.any(Number) });
    expect(json.progress).toBeLessThan(1);
  });

  test('the same token is the same job, and never another one', async () => {
    const job = await start({ clientToken: 'night-7' });
    expect((await start({ clientToken: 'night-7' })).id).toBe(job.id);
    expect((await start()).id).not.toBe(job.id);
    const other = await ask('POST', '', { ...declared, bytes: 1, clientToken: 'night-7' });
    expect(other).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
    expect((await ask('POST', '', { ...declared, clientToken: 'night-7' }, 'key-2')).json.id).not.toBe(job.id);
  });

  test('nobody sees the job of another key, or an id that is none', async () => {
    const { id } = await start();
    expect(await ask('GET', `/${id}`, undefined, 'key-2')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
    expect((await ask('DELETE', `/${id}`, undefined, 'key-2')).status).toBe(404);
    for (const odd of ['nonsense', '..%2F..%2Fx', `${id}.json`, '0'.repeat(32)]) {
      expect((await ask('GET', `/${odd}`)).status).toBe(404);
    }
    expect((await ask('GET', `/${id}`)).status).toBe(200);
  });

  test('the store refuses another upload than was declared, and a second one', async () => {
    const job = await start();
    expect(await put(job, Buffer.concat([lines, lines]))).toBe(403);
    expect(await put(job, lines, { 'content-type': 'text/csv' })).toBe(403);
    const damaged = { ...job, upload: { ...job.upload, url: `${job.upload?.url}0` } } as JobView;
    expect(await put(damaged, lines)).toBe(403);
    expect(await put(job, lines)).toBe(200);
    expect(await put(job, lines)).toBe(412);
  });

  test('removed, nothing of it is left', async () => {
    const job = await start({ clientToken: 'gone' });
    await put(job, lines);
    await run(job.id);
    expect((await ask('DELETE', `/${job.id}`)).status).toBe(204);
    expect((await ask('GET', `/${job.id}`)).status).toBe(404);
    expect((await ask('DELETE', `/${job.id}`)).status).toBe(404);
    for (const folder of ['inbox', 'outbox', 'work']) {
      const left = (await data.list(`${folder}/tiny/jobs/`)).filter((name) => name.startsWith(job.id));
      for (const name of left) expect(await data.list(`${folder}/tiny/jobs/${name}`)).toEqual([]);
    }
    expect(await start({ clientToken: 'gone' })).toMatchObject({ id: job.id, state: 'waiting' });
  });

  test('what a removed job still does, done late, is not the next one of its token', async () => {
    const job = await start({ clientToken: 'again' });
    await put(job, lines);
    const key = await keyOf(job.id);
    expect((await ask('DELETE', `/${job.id}`)).status).toBe(204);
    await runAt(key); // the queue's event was on its way
    expect(await start({ clientToken: 'again' })).toMatchObject({ id: job.id, state: 'waiting', upload: {} });
    await put(job, lines); // so was an upload
    await runAt(key);
    expect((await ask('GET', `/${job.id}`)).json).toMatchObject({ state: 'waiting', upload: {} });
  });

  test('an input that can not be read is a job that failed, with its reason', async () => {
    const job = (await ask('POST', '', { bytes: 8, contentType: 'application/zip' })).json as JobView;
    await put(job, Buffer.from('no zip!!'));
    await run(job.id);
    const { json } = await ask('GET', `/${job.id}`);
    expect(json).toMatchObject({
      state: 'failed',
      error: { code: 'INVALID_INPUT', error: expect.stringContaining('zip') },
    });
  });

  test('an upload that never came is a job that failed', async () => {
    const job = await start();
    const keys = (await data.list('jobs/tiny/')).map((folder) => `jobs/tiny/${folder}${job.id}.json`);
    const found = await Promise.all(keys.map((key) => data.get(key)));
    const at = found.findIndex((object) => object !== undefined);
    const record = JSON.parse(Buffer.from(found[at]?.body ?? []).toString());
    await data.put(keys[at] ?? '', Buffer.from(JSON.stringify({ ...record, created: '2026-01-01T00:00:00.000Z' })));
    expect((await ask('GET', `/${job.id}`)).json).toMatchObject({ state: 'failed', error: { code: 'NOT_FOUND' } });
  });

  describe('refused', () => {
    test.each<[unknown, number, string]>([
      [{ contentType: 'text/csv' }, 400, 'bytes: '],
      [{ ...declared, bytes: 0 }, 400, 'bytes: expected a whole number'],
      [{ ...declared, bytes: -5 }, 400, 'bytes: expected a whole number'],
      [{ ...declared, bytes: 1.5 }, 400, 'bytes: expected a whole number'],
      [{ ...declared, bytes: '12' }, 400, 'bytes: expected a whole number'],
      [{ ...declared, bytes: 1e300 }, 400, 'bytes: expected a whole number'],
      [{ ...declared, bytes: 6 * 1024 ** 3 }, 413, 'at most 5368709120 bytes'],
      [{ bytes: 5 }, 400, 'contentType: '],
      [{ bytes: 5, contentType: 'video/mp4' }, 415, 'there are application/jsonl'],
      [{ bytes: 5, contentType: '__proto__' }, 415, 'is not read'],
      [{ ...declared, clientToken: '' }, 400, 'clientToken: '],
      [{ ...declared, clientToken: 'x'.repeat(200) }, 400, 'clientToken: '],
      [{ ...declared, colour: 'red' }, 400, 'colour: no such field'],
      [[], 400, 'JSON object'],
      ['{', 400, 'not valid JSON'],
    ])('%j', async (body, status, message) => {
      const answer = await ask('POST', '', body);
      expect(answer.status).toBe(status);
      expect(answer.json.error).toContain(message);
    });

    test.each(['version=1', 'alias=production'])('?%s, as a batch chooses its version itself', async (query) => {
      const { status, json } = await ask('POST', `?${query}`, declared);
      expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_REQUEST' });
    });

    test('other methods', async () => {
      expect(await ask('PUT', '', {})).toMatchObject({ status: 405, headers: { allow: 'POST' } });
      expect(await ask('POST', '/00', {})).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, DELETE' } });
    });
  });
}
