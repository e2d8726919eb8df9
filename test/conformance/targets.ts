import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { LambdaHandler } from '../../lib/aws/lambda-handler.js';
import { localModels } from '../../lib/dev/local-models.js';
import { createLocalServer } from '../../lib/dev/local-server.js';
import { imageClassification, tensor } from '../../lib/index.js';
import { pushVersion } from '../../lib/registry/push.js';
import { createRegistry, type Registry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { createService, slsPackage } from '../serverless/package-service.js';
import { startLambda } from '../support/lambda-runtime.js';
import { requirePart } from '../support/requires.js';
import { publishSmall } from '../support/small-models.js';

const folder = resolve('.cache/conformance');
const stamp = join(folder, 'installed.txt');
const installed =
  existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync('test/conformance/requirements.txt', 'utf8');

export const describeConformance = requirePart("others' clients", installed, 'npm run conformance-clients');

/** Where a client finds the API, as a deployment would have it. */
export interface Target {
  readonly url: string;
  readonly apiKey: string;
  stop(): Promise<void>;
}

const apiKey = 'conformance';

/** The registry of the conformance tests: digits as it is published, and the small models. */
export async function fillRegistry(registry: Registry): Promise<void> {
  const published = createRegistry(fileStore('models'));
  await pushVersion(published, registry, { model: 'digits', version: '1', alias: 'production' });
  for (const name of ['half-plus-three', 'pair', 'shades'] as const) await publishSmall(registry, name);
}

/** What `npm start` runs, in this process; MODELET_REGISTRY says which models. */
export async function startLocal(registry: Registry): Promise<Target> {
  process.env.MODELET_REGISTRY = registry.store.location;
  return listen((await localModels('/nonexistent', registry, [tensor, imageClassification])).handlerFor);
}

/** What `sls package` made, run by AWS's own client for Lambda, with the local server in the gateway's place. */
export async function startPackaged(): Promise<Target> {
  const service = await createService();
  const packaged = await slsPackage(service);
  if (packaged.code !== 0) throw new Error(packaged.output);
  const env = { MODELET_REGISTRY: resolve('models'), MODELET_MODELS: 'digits', AWS_REGION: 'eu-central-1' };
  const start = (name: string) =>
    startLambda({ zip: join(packaged.folder, `${name}.zip`), handler: 'index.handler', env });
  const [digits, catalog] = [await start('digits'), await start('catalog')];
  const through = (lambda: typeof digits) => (async (event) => lambda.invoke(event)) as LambdaHandler;
  const target = await listen(async (path) => through(/^\/(v[12]\/)?models\/digits\b/.test(path) ? digits : catalog));
  return {
    ...target,
    stop: async () => {
      await Promise.all([target.stop(), digits.stop(), catalog.stop()]);
      rmSync(service, { recursive: true, force: true });
    },
  };
}

async function listen(handlerFor: (path: string) => Promise<LambdaHandler>): Promise<Target> {
  const server = createLocalServer({ handlerFor, apiKey });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey, stop };
}

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Runs a program beside this process, which goes on answering; where the virtual environment has one of that name, it is meant.
 * @param cwd for programs that leave files behind
 */
export async function runProgram(program: string, args: readonly string[], cwd = '.'): Promise<Outcome> {
  const path = existsSync(join(folder, 'bin', program)) ? join(folder, 'bin', program) : program;
  const child = spawn(path, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const listenTo = (text: string): void => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', listenTo);
  child.stderr.setEncoding('utf8').on('data', listenTo);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
