import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { extname, resolve } from 'node:path';
import { ModeletError } from '../core/errors.js';
import { builtInTasks } from './built-in-tasks.js';
import { parseModelRef, type Verb, type VerbCall } from './verb.js';

export const invoke: Verb = {
  name: 'invoke',
  usage: 'modelet invoke MODEL[@VERSION] FILE [--url ADDRESS --api-key KEY]',
  summary: 'one prediction: an image, sound, text, CSV or JSON file through the task route',
  needs: ['MODEL[@VERSION]', 'FILE'],
  options: { url: { type: 'string' }, 'api-key': { type: 'string' } },
  help: [
    '  --url ADDRESS                      ask a deployment (or a running `modelet serve`) instead of loading the model here',
    '  --api-key KEY                      sent to it as x-api-key',
  ],
  run: async (call) => {
    const { positionals, values, print } = call;
    const [target = '', path = ''] = positionals;
    const body = await readInput(path);
    const headers: Record<string, string> = { 'content-type': mediaType(path, body) };
    const key = values['api-key'];
    if (key !== undefined) headers['x-api-key'] = key as string;
    const ask = (base: string) => post(base, target, headers, body);
    const answer = values.url === undefined ? await locally(call, ask) : await ask(values.url as string);
    print(JSON.stringify(answer, null, 2), answer);
  },
};

async function readInput(path: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return Buffer.from(await readFile(path));
  } catch (error) {
    throw new ModeletError('INVALID_REQUEST', `${path} can't be read: ${(error as Error).message}; name a file`);
  }
}

/** Serves the registry on a free port for one request: the same way as a deployment's answer. */
async function locally(
  { registry }: VerbCall,
  ask: (base: string) => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { localModels } = await import('../dev/local-models.js');
  const { createLocalServer } = await import('../dev/local-server.js');
  process.env.MODELET_REGISTRY = registry.store.location;
  process.env.POWERTOOLS_METRICS_DISABLED ??= 'true';
  const handlerFor = (await localModels(resolve('dist/functions'), registry, builtInTasks)).handlerFor;
  const server = createLocalServer({ handlerFor });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function post(
  base: string,
  target: string,
  headers: Record<string, string>,
  body: Buffer<ArrayBuffer>,
): Promise<Record<string, unknown>> {
  const { model, version } = parseModelRef(target);
  const query = version === undefined ? '' : `?version=${encodeURIComponent(version)}`;
  const url = `${base.replace(/\/+$/, '')}/models/${encodeURIComponent(model)}${query}`;
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(60_000) });
  } catch (cause) {
    throw new ModeletError(
      'MODEL_UNAVAILABLE',
      `${base} does not answer; check --url (http://… or https://…) and the network`,
      { cause },
    );
  }
  const text = await response.text();
  let answer: Record<string, unknown>;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new ModeletError('MODEL_UNAVAILABLE', `${url} answered ${response.status} without JSON; check --url`);
  }
  if (response.ok) return answer;
  throw new ModeletError('INVALID_REQUEST', `${response.status} ${String(answer.code)}: ${String(answer.error)}`);
}

/** What a file is, by its first bytes, else by its name. */
function mediaType(path: string, body: Buffer): string {
  if (body.subarray(0, 4).equals(Buffer.from('\x89PNG', 'latin1'))) return 'image/png';
  if (body.subarray(0, 3).equals(Buffer.from('\xff\xd8\xff', 'latin1'))) return 'image/jpeg';
  if (body.subarray(0, 4).toString('latin1') === 'RIFF') return 'audio/wav';
  const extension = extname(path).toLowerCase();
  if (extension === '.csv') return 'text/csv';
  return extension === '.json' || /^\s*[[{]/.test(body.subarray(0, 64).toString()) ? 'application/json' : 'text/plain';
}
