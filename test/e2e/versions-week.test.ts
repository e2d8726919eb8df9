import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { serveModel, tensor } from '../../lib/index.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';
import { client } from '../support/serve.js';
import { publishScaled } from '../support/tiny-model.js';

/** Inside the repository, so that the bundle finds its packages. */
const operator = '.cache/test/operator.mjs';
const rounds = 17;

interface Step {
  readonly name: string;
  readonly action: string;
  readonly done?: string;
  /** What the published version multiplies its input by. */
  readonly scale?: number;
  readonly refused?: string;
}

/** Starts an operator. @returns what it did, once it has ended */
function operate(location: string, name: string, seed: number): Promise<Step[]> {
  const child = spawn(process.execPath, [operator, location, name, String(seed), String(rounds)], {
    // jest's process.env is a copy, which children don't get by themselves.
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const steps: Step[] = [];
  createInterface(child.stdout).on('line', (line) => steps.push(JSON.parse(line)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(steps) : reject(new Error(`${name} ended with ${code}`))));
  });
}

describeWithS3('a week of versions in a minute', () => {
  const environment = { ...process.env };
  let server: S3Server;

  const folder = mkdtempSync(join(tmpdir(), 'modelet-week-'));

  beforeAll(async () => {
    mkdirSync('.cache/test', { recursive: true });
    await build({
      entryPoints: ['test/support/operator.ts'],
      outfile: operator,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'warning',
    });
    server = await startS3Server();
    await server.createBucket('models');
    Object.assign(process.env, server.env(), { MODELET_ALIAS_SECONDS: '0.05' });
  });
  afterAll(async () => {
    process.env = environment;
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['S3', 's3://models/registry'],
    ['a folder', folder],
  ])(
    'three people change a model on %s while it serves: every answer is that of the version in its header',
    async (_, location) => {
      process.env.MODELET_REGISTRY = location;
      const registry = createRegistry(await openStore(location));
      await publishScaled(registry, 1);
      const { send } = client(serveModel('tiny', { tasks: [tensor] }));
      let working = true;
      const answers: { version: string; x: number; y: number[] }[] = [];
      const load = async (worker: number): Promise<void> => {
        for (let count = 0; working; count++) {
          const headers: Record<string, string> = { 'content-type': 'application/json' };
          if (count % 3 === 0) headers['x-modelet-canary-key'] = `caller ${worker}`;
          const x = (count % 7) + 1;
          const target = count % 2 === 0 ? '/models/tiny' : '/v1/models/tiny:predict';
          const body = count % 2 === 0 ? `[${x},0,1]` : `{"instances":[[${x},0,1]]}`;
          const { status, json, headers: answer } = await send({ method: 'POST', target, headers, body });
          const version = answer['x-modelet-version'] ?? '';
          expect({ status, error: json.error }).toEqual({ status: 200, error: undefined });
          const y = count % 2 === 0 ? json.outputs.y : json.predictions[0];
          answers.push({ version, x, y });
          await new Promise(setImmediate);
        }
      };
      // Ready before the week begins: its days are so short that a version could be pruned while the first request loads it.
      expect(await send({ method: 'GET', target: '/v2/models/tiny/ready' })).toMatchObject({ status: 200 });
      const workers = [0, 1, 2].map(load);
      const seen = (): number => new Set(answers.map(({ version }) => version)).size;
      const steps: Step[] = [];
      let operators = 0;
      // A busy machine may serve next to nothing in one week: then there is another one.
      do {
        const names = ['ann', 'bob', 'eve'];
        steps.push(...(await Promise.all(names.map((name) => operate(location, name, ++operators)))).flat());
      } while (seen() <= 3 && operators < 30);
      working = false;
      await Promise.all(workers);

      const published = steps.filter(({ action, done }) => action === 'publish' && done !== undefined);
      expect(published).toHaveLength(operators * rounds);
      expect(new Set(published.map(({ done }) => done)).size).toBe(operators * rounds);
      // What was refused was refused because somebody else was first, or because there was nothing to do.
      const reasons = /moved by someone else meanwhile|is at \d+ already|has no previous version|has no version/;
      for (const { refused } of steps) if (refused !== undefined) expect(refused).toMatch(reasons);
      expect(steps.filter(({ action, done }) => action === 'promote' && done !== undefined).length).toBeGreaterThan(
        rounds,
      );
      const scales = new Map([['1', 1], ...published.map(({ done = '', scale = 0 }) => [done, scale] as const)]);
      for (const { version, x, y } of answers) {
        const scale = scales.get(version) ?? Number.NaN;
        expect(y).toEqual([x * scale, 0, scale]);
      }
      expect(seen()).toBeGreaterThan(3);
      const pruned = steps.filter(({ action, done = '' }) => action === 'prune' && done !== '');
      expect(pruned.length).toBeGreaterThan(5);
      // Nothing of it is lost: the alias names a version that is there.
      const production = await registry.resolve('tiny', { alias: 'production' });
      expect(await registry.versions('tiny')).toContain(production);
    },
  );
});
