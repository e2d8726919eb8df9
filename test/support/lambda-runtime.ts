import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { unzipSync } from 'fflate';
import { type LambdaEnvironment, startEnvironment } from './lambda-environment.js';
import { LambdaError } from './runtime-api.js';

export { lambdaClientInstalled } from './lambda-environment.js';
export { LambdaError } from './runtime-api.js';

/** Lambda's limit on an event, in bytes of JSON. */
const eventLimit = 6_291_456;

export type LambdaOptions = ({ readonly zip: string } | { readonly directory: string }) & {
  /** As in serverless.yml: `functions/digits.handler`. */
  readonly handler: string;
  /** The function's own environment, credentials among it; nothing is inherited from this process. */
  readonly env?: Readonly<Record<string, string>>;
};

export interface Lambda {
  /** @throws LambdaError: the function threw, crashed, took longer than `timeoutMs` (29 s), or took or gave over 6 MB */
  invoke(event: unknown, options?: { readonly timeoutMs?: number }): Promise<unknown>;
  /** Everything that the function's processes have written so far. */
  logs(): string;
  /** How many processes were started: 1 as long as none ended. */
  starts(): number;
  stop(): Promise<void>;
}

/**
 * Unpacks a function and runs it on Node 24 by aws-lambda-ric, with this process in Lambda's place: one event at a time, and a
 * process that ended is replaced at the next event. Resolves when the init phase is over, before any event.
 * @throws LambdaError that ended the init
 */
export async function startLambda(options: LambdaOptions): Promise<Lambda> {
  const unpacked = mkdtempSync(join(tmpdir(), 'modelet-lambda-'));
  if ('zip' in options) unzip(options.zip, unpacked);
  const taskRoot = 'zip' in options ? unpacked : resolve(options.directory);
  let output = '';
  let starts = 0;
  let environment: LambdaEnvironment | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function current(): Promise<LambdaEnvironment> {
    if (environment?.alive()) return environment;
    await environment?.stop();
    environment = undefined;
    starts += 1;
    environment = await startEnvironment(taskRoot, options.handler, options.env ?? {}, (text) => {
      output += text;
    });
    return environment;
  }

  async function stop(): Promise<void> {
    await environment?.stop();
    rmSync(unpacked, { recursive: true, force: true });
  }

  await current().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    invoke(event, { timeoutMs = 29_000 } = {}) {
      const payload = JSON.stringify(event);
      const size = Buffer.byteLength(payload);
      if (size > eventLimit) {
        const message = `Request must be smaller than ${eventLimit} bytes for the InvokeFunction operation, got ${size}`;
        return Promise.reject(new LambdaError('RequestTooLargeException', message));
      }
      const answer = last.then(async () => (await current()).run(payload, timeoutMs));
      last = answer.catch(() => undefined);
      return answer;
    },
    logs: () => output,
    starts: () => starts,
    stop,
  };
}

function unzip(zip: string, folder: string): void {
  for (const [name, content] of Object.entries(unzipSync(readFileSync(zip)))) {
    const file = join(folder, name);
    mkdirSync(name.endsWith('/') ? file : dirname(file), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(file, content);
  }
}
