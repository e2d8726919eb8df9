import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, Turn, Turned } from './child.js';

export interface Child extends Job {
  /** @throws Error with what it wrote, if it ends instead */
  turn(turn: Turn): Promise<Turned>;
  stop(): void;
}

/** tfjs-node gets one thread, as all others have; TensorFlow reads these when it starts. */
const oneThread = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };

/** Starts the process of an engine with a network on the given Node.js, and waits until it is loaded. */
export async function runChild(job: Job, node: string): Promise<Child> {
  const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), [JSON.stringify(job)], {
    execPath: node,
    execArgv: [],
    env: { ...process.env, ...oneThread },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      written = (written + text).slice(-2000);
    });
  }
  const answer = <T>(): Promise<T> =>
    new Promise((done, failed) => {
      const ended = () => failed(new Error(`${job.engine} with ${job.network.model} ended:\n${written}`));
      child.once('close', ended);
      child.once('message', (message) => {
        child.off('close', ended);
        done(message as T);
      });
    });
  await answer();
  return {
    ...job,
    turn: (turn) => {
      const turned = answer<Turned>();
      child.send(turn);
      return turned;
    },
    stop: () => {
      child.kill('SIGKILL');
    },
  };
}
