import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pack } from 'tar-stream';
import { createClient, type RequestError, type Row } from '../../lib/client/index.js';
import { watchInbox } from '../../lib/dev/local-inbox.js';
import { localModels } from '../../lib/dev/local-models.js';
import { createLocalServer } from '../../lib/dev/local-server.js';
import { audioClassification } from '../../lib/index.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openService } from '../../lib/serve-model.js';
import { chunk, format, riff } from '../tasks/audio/wav-file.js';

const folder = mkdtempSync(join(tmpdir(), 'modelet-large-job-'));
const silent = () => undefined;
const ended = new AbortController();
let server: Server;
let watching: Promise<void>;
let url: string;

beforeAll(async () => {
  Object.assign(process.env, { MODELET_REGISTRY: resolve('models'), MODELET_DATA: folder });
  const data = fileStore(folder);
  const { handlerFor } = await localModels('no-functions', createRegistry(fileStore('models')), [audioClassification]);
  server = createLocalServer({ handlerFor, data, apiKey: 'a key' });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { service } = await openService('spoken-digits', [audioClassification]);
  const log = { info: silent, warn: silent, error: silent, event: silent };
  const onFailed = (_model: string, _key: string, error: unknown) => {
    throw error;
  };
  watching = watchInbox({ folder, data, serviceOf: async () => service, log, onDone: silent, onFailed }, ended.signal);
});
afterAll(async () => {
  ended.abort();
  await watching;
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

/** The spoken five as a studio would record it, with silence behind: 48 kHz, stereo, floats. */
function longRecording(seconds: number): Buffer {
  const spoken = readFileSync('examples/five.wav').subarray(44); // 16 kHz, 16 bits
  const samples = new Float32Array(2 * 48_000 * seconds);
  for (let at = 0; at < Math.min(samples.length, 3 * spoken.length); at++) {
    samples[at] = spoken.readInt16LE(2 * Math.floor(at / 6)) / 32_768;
  }
  return riff(format({ bits: 32, channels: 2, rate: 48_000, tag: 3 }), chunk('data', Buffer.from(samples.buffer)));
}

async function archive(files: number, recording: Buffer): Promise<Uint8Array<ArrayBuffer>> {
  const tar = pack();
  for (let index = 0; index < files; index++) tar.entry({ name: `take-${index}.wav` }, recording);
  tar.finalize();
  return new Uint8Array(await buffer(tar));
}

async function jobsKept(): Promise<number> {
  const data = fileStore(folder);
  const folders = await data.list('jobs/spoken-digits/');
  return (await Promise.all(folders.map((name) => data.list(`jobs/spoken-digits/${name}`)))).flat().length;
}

const signature = {
  inputs: [{ name: 'log_mel', datatype: 'FP32', shape: [-1, 1] }],
  outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 10] }],
} as const;
const client = () =>
  createClient({ url, apiKey: 'a key' }).model<typeof signature, { label: string }>('spoken-digits', signature);

test('an archive of 50 MB of recordings goes through the jobs route by the typed client, with progress', async () => {
  const tar = await archive(6, longRecording(24));
  expect(tar.length).toBeGreaterThan(50 * 2 ** 20);
  const shares: number[] = [];
  const result = await client().predictLarge(tar, 'application/x-tar', { onProgress: (share) => shares.push(share) });
  expect(result).toMatchObject({ version: '1', records: 6, failed: 0 });
  const rows: Row<{ label: string }>[] = [];
  for await (const row of result.rows()) rows.push(row);
  expect(rows.map(({ index, id, output }) => [index, id, output?.label])).toEqual(
    Array.from({ length: 6 }, (_, index) => [index, `take-${index}.wav`, '5']),
  );
  expect(shares.at(-1)).toBe(1);
});

test('as one request it is a 413 that has the request for a job ready', async () => {
  const body = new Uint8Array(5_000_000);
  const error = await client()
    .predictFile(body, 'audio/wav')
    .catch((thrown: RequestError) => thrown);
  expect(error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', status: 413 });
  const example = /POST (\S+) with (\{.*?\}),/.exec((error as RequestError).message);
  const answer = await fetch(url + example?.[1], {
    method: 'POST',
    headers: { 'x-api-key': 'a key', 'content-type': 'application/json' },
    body: example?.[2] ?? '',
  });
  expect({ status: answer.status, json: await answer.json() }).toMatchObject({
    status: 202,
    json: { state: 'waiting' },
  });
});

test('what can not be read rejects with its code, and what is aborted is removed', async () => {
  const bad = client().predictLarge(new Uint8Array(100), 'application/zip');
  await expect(bad).rejects.toMatchObject({ code: 'INVALID_INPUT', name: 'RequestError' });
  const before = await jobsKept();
  const stop = new AbortController();
  const stopped = client().predictLarge(await archive(2, longRecording(5)), 'application/x-tar', {
    signal: stop.signal,
    onProgress: () => stop.abort(new Error('enough')),
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(await jobsKept()).toBe(before);
});
