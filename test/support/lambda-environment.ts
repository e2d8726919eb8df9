import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LambdaError, type Outcome, startRuntimeApi } from './runtime-api.js';

const clientFolder = resolve('.cache/lambda-client');
const installedFile = join(clientFolder, 'installed.json'); // written last by scripts/lambda-client.ts

/** Node 24 and aws-lambda-ric are there: for `requirePart`. */
export const lambdaClientInstalled = existsSync(installedFile);

/** Lambda's limit on the init phase, in milliseconds. */
const initLimitMs = 10_000;
const region = 'eu-central-1';

/** One process that runs a function, frozen (SIGSTOP) between events as Lambda freezes it. */
export interface LambdaEnvironment {
  readonly pid: number;
  alive(): boolean;
  /** @throws LambdaError */
  run(payload: string, timeoutMs: number): Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Starts the function's process and waits for the end of its init phase.
 * @param env the function's own environment; nothing else is inherited
 * @param onOutput gets what the process writes
 * @throws LambdaError that ended the init
 */
export async function startEnvironment(
  taskRoot: string,
  handler: string,
  env: Readonly<Record<string, string>>,
  onOutput: (text: string) => void,
): Promise<LambdaEnvironment> {
  // There is one phase at a time, init or an event. It is over when the client asks for the next event, or is gone.
  let outcome: Outcome | undefined;
  let endPhase: (() => void) | undefined;
  let requestId = '';

  const api = await startRuntimeApi(
    () => {
      child.kill('SIGSTOP');
      outcome ??= { result: undefined }; // init ends without a word
      endPhase?.();
    },
    (posted) => {
      outcome ??= posted;
    },
  );

  const { node, client } = JSON.parse(readFileSync(installedFile, 'utf8')) as { node: string; client: string };
  const child = spawn(join(clientFolder, node), [join(clientFolder, client)], {
    cwd: taskRoot,
    env: { ...lambdaVariables(taskRoot, handler, api.address), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.setEncoding('utf8').on('data', onOutput);
  child.stderr.setEncoding('utf8').on('data', onOutput);
  const exited = new Promise<void>((done) => {
    child.on('close', (code, signal) => {
      const how = signal === null ? `exit status ${code}` : `signal: ${signal}`;
      const message = `RequestId: ${requestId} Error: Runtime exited with error: ${how}`;
      outcome ??= { error: new LambdaError('Runtime.ExitError', message) };
      endPhase?.();
      done();
    });
  });
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;

  function phase(limitMs: number, what: string): Promise<unknown> {
    outcome = undefined;
    return new Promise((done, failed) => {
      const timer = setTimeout(() => {
        outcome = { error: new LambdaError('Sandbox.Timedout', `RequestId: ${requestId} Error: ${what}`) };
        child.kill('SIGKILL');
      }, limitMs);
      endPhase = () => {
        clearTimeout(timer);
        endPhase = undefined;
        if (outcome !== undefined && 'result' in outcome) done(outcome.result);
        else failed(outcome?.error);
      };
    });
  }

  async function stop(): Promise<void> {
    child.kill('SIGKILL');
    await exited;
    await api.close();
  }

  try {
    await phase(initLimitMs, `Init took over ${initLimitMs / 1000} seconds`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid ?? 0, // it has asked for an event, so it is there
    alive,
    stop,
    run(payload, timeoutMs) {
      requestId = randomUUID();
      const over = phase(timeoutMs, `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`);
      child.kill('SIGCONT');
      api.deliver({
        requestId,
        deadlineMs: Date.now() + timeoutMs,
        functionArn: `arn:aws:lambda:${region}:123456789012:function:modelet-test`,
        payload,
      });
      return over;
    },
  };
}

/** The variables that Lambda sets for a zip function on nodejs24.x; a function's own come over them. */
function lambdaVariables(taskRoot: string, handler: string, address: string): Record<string, string> {
  return {
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_FUNCTION_NAME: 'modelet-test',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/modelet-test',
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  };
}
