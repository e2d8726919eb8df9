import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { watchInbox } from '../../lib/dev/local-inbox.js';
import { localModels } from '../../lib/dev/local-models.js';
import { createLocalServer } from '../../lib/dev/local-server.js';
import { imageClassification } from '../../lib/index.js';
import { jobMediaTypes } from '../../lib/jobs/media-types.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openService } from '../../lib/serve-model.js';

const text = readFileSync('docs/protocols.md', 'utf8').split('\n## Jobs over HTTP\n')[1]?.split('\n## ')[0] ?? '';
const folder = mkdtempSync(join(tmpdir(), 'modelet-docs-jobs-'));
const silent = () => undefined;
const ended = new AbortController();
let server: Server;
let watching: Promise<void>;

beforeAll(async () => {
  Object.assign(process.env, {
    MODELET_REGISTRY: resolve('models'),
    MODELET_DATA: folder,
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  const data = fileStore(folder);
  const { handlerFor } = await localModels('no-functions', createRegistry(fileStore('models')), [imageClassification]);
  server = createLocalServer({ handlerFor, data });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { service } = await openService('digits', [imageClassification]);
  const log = { info: silent, warn: silent, error: silent, event: silent };
  const inbox = { folder, data, serviceOf: async () => service, log, onDone: silent, onFailed: silent };
  watching = watchInbox(inbox, ended.signal);
});
afterAll(async () => {
  ended.abort();
  await watching;
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

test('the commands that docs/protocols.md has for a job do what it says', async () => {
  const commands = /```sh\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const here = commands.replace('localhost:3000', `127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { stdout } = await promisify(execFile)('bash', ['-euc', here], { timeout: 60_000 });
  expect(stdout).toContain('"state":"done"');
  const rows = stdout.split('\n').filter((line) => line.startsWith('{"index":'));
  const records = readFileSync('examples/digits.jsonl', 'utf8').trimEnd().split('\n').length;
  expect(rows).toHaveLength(records);
  expect(JSON.parse(rows[0] ?? '')).toMatchObject({ index: 0, output: { label: '0' } });
  const kept = await fileStore(folder).list('jobs/digits/');
  for (const consumer of kept) expect(await fileStore(folder).list(`jobs/digits/${consumer}`)).toEqual([]);
});

test('it names every media type', () => {
  for (const type of Object.keys(jobMediaTypes)) expect(text).toContain(`\`${type}\``);
});
