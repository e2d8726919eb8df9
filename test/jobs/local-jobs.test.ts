import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { createLocalServer } from '../../lib/dev/local-server.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny } from '../support/tiny-model.js';
import { jobsContract } from './jobs.contract.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const folder = mkdtempSync(join(tmpdir(), 'modelet-jobs-'));
let server: Server;

beforeAll(async () => {
  await publishTiny(registry);
  server = createLocalServer({ handlerFor: () => Promise.reject(new Error('only links')), data: fileStore(folder) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

jobsContract(
  () => folder,
  () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
);
