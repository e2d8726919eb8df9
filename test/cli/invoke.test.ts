import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { localModels } from '../../lib/dev/local-models.js';
import { createLocalServer } from '../../lib/dev/local-server.js';
import { tensor } from '../../lib/index.js';
import type { Registry } from '../../lib/registry/registry.js';
import { modeletCommand } from '../support/modelet-command.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny, tinyOutput } from '../support/tiny-model.js';

const command = modeletCommand();
const folder = mkdtempSync(join(tmpdir(), 'modelet-invoke-'));
const file = join(folder, 'x.json');
const [y] = tinyOutput([[1, 2, 3]]);
let registry: Registry;

// Away from dist/functions: jest can't import what is built as ES modules; test/e2e runs that.
const repository = process.cwd();
beforeAll(async () => {
  process.chdir(folder);
  registry = temporaryRegistry();
  await publishTiny(registry);
  writeFileSync(file, '[1, 2, 3]');
  writeFileSync(join(folder, 'words.txt'), 'one two three');
});
afterAll(() => {
  process.chdir(repository);
  rmSync(folder, { recursive: true });
});

const modelet = (...args: string[]) => command.run(...args, '--registry', registry.store.location);

test('answers here, as a deployment would', async () => {
  const { code, out } = await modelet('invoke', 'tiny', file);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ model: 'tiny', version: '1', outputs: { y } });
  expect(JSON.parse((await modelet('invoke', 'tiny@1', file, '--json')).out)).toMatchObject({ version: '1' });
});

test('asks a running service, with its key', async () => {
  const handlerFor = (await localModels('no-functions', registry, [tensor])).handlerFor;
  const server = createLocalServer({ handlerFor, apiKey: 'secret' });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${port}/`;
  try {
    process.env.MODELET_REGISTRY = registry.store.location;
    const { out } = await modelet('invoke', 'tiny', file, '--url', url, '--api-key', 'secret');
    expect(JSON.parse(out)).toMatchObject({ model: 'tiny', outputs: { y } });
    const refused = await modelet('invoke', 'tiny', file, '--url', url);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('403 FORBIDDEN') });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test.each([
  [['invoke', 'tiny', '/no/such/file'], "/no/such/file can't be read"],
  [['invoke', 'absent', file], '404 MODEL_NOT_FOUND'],
  [['invoke', 'tiny@7', file], '404 VERSION_NOT_FOUND'],
  [['invoke', 'tiny', join(folder, 'words.txt')], '415 UNSUPPORTED_MEDIA_TYPE'],
  [['invoke', 'tiny', file, '--url', 'http://127.0.0.1:9'], 'http://127.0.0.1:9 does not answer\ncheck --url'],
])('%j is refused', async (args, message) => {
  const { code, err } = await modelet(...args);
  expect(code).toBe(1);
  expect(err).toContain(message);
  expect(err.trimEnd().split('\n')).toHaveLength(2);
});
