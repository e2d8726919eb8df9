import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { startEnvironment } from '../../test/support/lambda-environment.js';
import { python } from './install.js';
import type { Question } from './question.js';

/** One cold start, in milliseconds since the process was started. */
export interface Start {
  /** The runtime client asked for the first event; undefined where there is none. */
  readonly init?: number;
  /** The first right answer came. */
  readonly total: number;
  /** What the function itself told of its first request. */
  readonly stages: ReadonlyMap<string, number>;
}

export interface Started {
  readonly folder: string;
  /** As in serverless.yml. */
  readonly handler: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a function's process under AWS's runtime client, sends it one event, and ends it. */
export async function startFunction({ folder, handler, env }: Started, question: Question): Promise<Start> {
  const payload = JSON.stringify(question.event);
  let output = '';
  const since = performance.now();
  const environment = await startEnvironment(folder, handler, env, (text) => {
    output += text;
  });
  try {
    const init = performance.now() - since;
    const result = await environment.run(payload, 29_000);
    const total = performance.now() - since;
    return { init, total, stages: question.check(result) };
  } catch (cause) {
    throw new Error(`${folder}: ${(cause as Error).message}\n${output.slice(-2000)}`, { cause });
  } finally {
    await environment.stop();
  }
}

/** A Python process that takes the event from stdin: there is no runtime client before it, so it is a little better off. */
export async function startPython(env: Readonly<Record<string, string>>, question: Question): Promise<Start> {
  const payload = JSON.stringify(question.event);
  const since = performance.now();
  const script = 'bench/cold-start/handlers/python_tensorflow.py';
  const variables = { ...process.env, ...env, AWS_DEFAULT_REGION: env.AWS_REGION }; // both are there on Lambda
  const child = spawn(python, [script], { env: variables, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const exited = new Promise((done) => child.once('exit', done));
  child.stdin.end(payload);
  for await (const line of createInterface(child.stdout)) {
    const total = performance.now() - since;
    const stages = question.check(JSON.parse(line));
    await exited;
    return { total, stages };
  }
  await exited;
  throw new Error(`${script} gave no answer: ${output.slice(-2000)}`);
}
