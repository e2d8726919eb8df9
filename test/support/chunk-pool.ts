import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChunkAnswer } from '../../lib/aws/chunk-handler.js';
import type { Random } from '../../lib/core/random.js';

/** What a worker says of an event, or that it was killed at it. */
interface Said {
  readonly answer?: ChunkAnswer;
  readonly error?: string;
  readonly mostMiB: number;
}

export interface ChunkWorker {
  /** Memory with nothing done yet, MiB. */
  readonly idleMiB: number;
  /** @param killAfterMs ends the process by SIGKILL so much later, at work or not @returns undefined where it was killed */
  run(event: unknown, killAfterMs?: number): Promise<Said | undefined>;
  alive(): boolean;
  stop(): void;
}

/** @param command the arguments of `node`: chunk-worker.js as it is built, registry, data store */
export async function startChunkWorker(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChunkWorker> {
  const child: ChildProcess = spawn(process.execPath, [...command], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('a worker has no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Said | undefined> => {
    const { value, done } = await lines.next();
    return done ? undefined : (JSON.parse(value) as Said);
  };
  const ready = await next();
  if (ready === undefined) throw new Error('a worker ended before it began');
  return {
    idleMiB: ready.mostMiB,
    alive: () => child.exitCode === null && child.signalCode === null,
    stop: () => void child.kill('SIGKILL'),
    run: async (event, killAfterMs) => {
      child.stdin?.write(`${JSON.stringify(event)}\n`);
      const said = next();
      if (killAfterMs === undefined) return said;
      await Promise.race([sleep(killAfterMs), said]);
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await ended;
      return undefined;
    },
  };
}

export interface Deliveries {
  readonly events: number;
  readonly kills: number;
  readonly twice: number;
}

/**
 * Delivers events to so many workers at a time, as Step Functions would: every twentieth is killed at a random moment and comes
 * again, every other twentieth comes twice at the same time.
 * @param longestMs about what an event takes
 */
export async function deliver(
  events: readonly unknown[],
  start: () => Promise<ChunkWorker>,
  { size, random, longestMs, onDone }: { size: number; random: Random; longestMs: number; onDone?(): void },
): Promise<Deliveries> {
  const queue = events.flatMap((event, index) => {
    if (index % 20 === 3) return [{ event, killed: true }];
    return index % 20 === 13
      ? [
          { event, killed: false },
          { event, killed: false },
        ]
      : [{ event, killed: false }];
  });
  let kills = 0;
  const one = async (): Promise<void> => {
    let worker = await start();
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const said = await worker.run(next.event, next.killed ? random() * longestMs : undefined);
      if (said?.error !== undefined) throw new Error(said.error);
      if (said === undefined) {
        kills++;
        queue.push({ ...next, killed: false });
        worker = await start();
      } else if (said.answer?.unfinished) queue.unshift(next);
      else onDone?.();
    }
    worker.stop();
  };
  await Promise.all(Array.from({ length: size }, one));
  return { events: events.length, kills, twice: events.filter((_, index) => index % 20 === 13).length };
}
