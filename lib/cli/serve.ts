import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { ModeletError } from '../core/errors.js';
import type { ObjectStore } from '../core/object-store.js';
import type { LocalModels } from '../dev/local-models.js';
import { openStore } from '../registry/stores/open-store.js';
import { builtInTasks } from './built-in-tasks.js';
import type { Verb } from './verb.js';

export const serve: Verb = {
  name: 'serve',
  usage: 'modelet serve',
  summary: 'every model of the registry on http://localhost:3000, as API Gateway and Lambda would serve it',
  needs: [],
  options: {},
  help: [
    '  MODELET_DATA                       environment: the folder whose inbox/MODEL/ is answered in batches (default ./.modelet)',
    '  PORT, HOST                         environment: where to listen (default 3000, 127.0.0.1)',
    '  MODELET_API_KEY                    environment: ask for this x-api-key, as a deployment does',
    '  MODELET_BACKEND                    environment: wasm (default) or tensorflow (after npm run native)',
  ],
  run: async ({ registry, print }) => {
    // Not at the top: other verbs start without them.
    const { localModels } = await import('../dev/local-models.js');
    const { createLocalServer } = await import('../dev/local-server.js');
    // The handlers read the environment that a deployment would set; metrics would only fill the terminal.
    process.env.MODELET_REGISTRY = registry.store.location;
    process.env.POWERTOOLS_METRICS_DISABLED ??= 'true';
    const folder = process.env.MODELET_DATA || './.modelet';
    // A bucket has its own queue, and its own addresses for uploads.
    const data = folder.startsWith('s3://') ? undefined : await openStore(folder);
    const local = await localModels(resolve('dist/functions'), registry, builtInTasks);
    const server = createLocalServer({
      handlerFor: local.handlerFor,
      apiKey: apiKeyFrom(process.env.MODELET_API_KEY),
      data,
    });
    const port = portFrom(process.env.PORT || '3000');
    server.listen(port, process.env.HOST || '127.0.0.1');
    await once(server, 'listening').catch((error: NodeJS.ErrnoException) => refuse(error, port));

    const address = `http://localhost:${(server.address() as AddressInfo).port}`;
    const models = await registry.models();
    const inbox = data && join(folder, 'inbox');
    print(banner(address, models, inbox), { address, models, ...(inbox !== undefined && { inbox }) });
    const ended = new AbortController();
    if (data !== undefined) {
      watch(folder, data, local, ended.signal).catch((error: Error) =>
        warn(`${folder} is not watched: ${error.message}`),
      );
    }
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    ended.abort();
    server.close();
    server.closeAllConnections();
    // A pass of a batch may be under way; what it wrote goes on at the next start.
    process.exit(0);
  },
};

/** Batches of the folder's inbox, each told in a line. */
async function watch(
  folder: string,
  data: ObjectStore,
  { openService }: LocalModels,
  signal: AbortSignal,
): Promise<void> {
  const { watchInbox } = await import('../dev/local-inbox.js');
  const silent = () => undefined;
  await watchInbox(
    {
      folder,
      data,
      serviceOf: async (model) => (await openService(model)).service,
      log: { info: silent, warn: silent, error: silent, event: silent },
      onDone: (model, key, { state, records, failed, error }) => {
        const what = state === 'failed' ? `failed: ${error}` : `${records} record(s), ${failed} failed`;
        warn(`${join(folder, 'outbox', model, key)}: ${what}`);
      },
      onFailed: (model, key, error, again) => {
        const why = error instanceof ModeletError ? error.message : String(error);
        warn(
          `${join(folder, 'inbox', model, key)}: ${why}; ${again ? 'trying again' : 'tried again at the next start'}`,
        );
      },
    },
    signal,
  );
}

const warn = (line: string): void => void process.stderr.write(`${line}\n`);

function portFrom(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65536) return port;
  throw new ModeletError('INVALID_REQUEST', `PORT is '${text}'; set it to a number from 0 to 65535`);
}

/** An empty key is a mistake in a shell script, which would lock the server with a key that anyone can guess. */
function apiKeyFrom(text: string | undefined): string | undefined {
  if (text !== '') return text;
  throw new ModeletError(
    'INVALID_REQUEST',
    'MODELET_API_KEY is empty; set it to a key, or unset it to serve without one',
  );
}

function refuse(error: NodeJS.ErrnoException, port: number): never {
  const [why, setting] =
    error.code === 'EADDRINUSE' ? [`port ${port} is in use`, 'PORT'] : [error.message, 'PORT or HOST'];
  throw new ModeletError('INVALID_REQUEST', `${why}; set ${setting} to a free one`);
}

function banner(address: string, models: readonly string[], inbox: string | undefined): string {
  const file = models.includes('digits') ? ['examples/7.png', 'image/png', 'digits'] : undefined;
  const commands = [
    ...(file === undefined
      ? []
      : [`curl --data-binary @${file[0]} -H 'content-type: ${file[1]}' ${address}/models/${file[2]}`]),
    `curl ${address}/models`,
    `curl ${address}/v2/models/${models[0] ?? 'MODEL'}`,
  ];
  return [
    `modelet serves ${models.join(', ') || 'no models yet'} on ${address}`,
    'try:',
    ...commands.map((line) => `  ${line}`),
    ...(inbox === undefined
      ? []
      : [`files in ${join(inbox, 'MODEL')}/ are answered too, in ${join(inbox, '../outbox/MODEL')}/`]),
  ].join('\n');
}
