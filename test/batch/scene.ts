import { setImmediate } from 'node:timers/promises';
import { countingSummary, look } from '../../lib/batch/look.js';
import { batchPaths } from '../../lib/batch/paths.js';
import { readRecords } from '../../lib/batch/readers/read-records.js';
import { runBatch } from '../../lib/batch/run-batch.js';
import type { Engine } from '../../lib/core/engine.js';
import { ModeletError } from '../../lib/core/errors.js';
import type { Log } from '../../lib/core/log.js';
import type { ObjectStore } from '../../lib/core/object-store.js';
import type { Random } from '../../lib/core/random.js';
import { tensor } from '../../lib/index.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { createService } from '../../lib/service.js';
import { memoryStore } from '../support/memory-store.js';
import { type Calls, type Fault, faultyCalls, faultyEngine, faultyStore } from './faulty-ports.js';
import { allKeys, type Result, wholeResult } from './whole-result.js';

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined, event: () => undefined };
const key = 'night/7.jsonl';
const input = `inbox/tiny/${key}`;

/** A part for every two or three rows. */
const limits = { bytes: 100, ms: 1e9 };

/** What one delivery meets. */
export interface Delivery {
  readonly fault?: Fault;
  /** Looks at the clock until time is up. */
  readonly looks?: number;
}

/** A data store with one key, and deliveries that work on it. */
export interface Scene {
  readonly data: ObjectStore;
  upload(lines: readonly string[]): Promise<void>;
  remove(): Promise<void>;
  /**
   * One delivery by a process of its own, handed on until it is done; `failed` and `died` ones come again.
   * @returns whether its fault has struck
   */
  deliver(
    delivery: Delivery,
    turn?: () => Promise<void>,
  ): Promise<{ end: 'done' | 'failed' | 'died'; struck: boolean }>;
  /**
   * The one result. @throws where it is not whole, holds other rows than the records of the last upload, or work is left over
   */
  check(): Promise<Result>;
}

/** @param versions a store in which `tiny` is published: each version answers its number times the input */
export function createScene(engine: Engine, versions: ObjectStore): Scene {
  const data = memoryStore(64);
  const uploads: (readonly string[])[] = [];
  let looked = '';
  /** How many uploads there were when a result counted. */
  let counted = -1;

  /** At any moment: what counts is a whole result of an upload, and what counts for the one that is there goes on counting. */
  const lookAtResult = async (): Promise<void> => {
    const seen = await look(data, batchPaths('tiny', key));
    const marks = `${seen.results?.etag} ${seen.summary?.etag}`;
    if (marks === looked) return;
    looked = marks;
    if (countingSummary(seen) !== undefined) counted = uploads.length;
    else if (counted === uploads.length) throw new Error('the result that counted does not count any more');
    if (countingSummary({ ...seen, upload: undefined }) === undefined) return;
    const result = await wholeResult(data, 'tiny', key);
    if (result.summary.code === 'NOT_FOUND' && result.rows.length === 0) return;
    if (!uploads.some((lines) => areRowsOf(result, lines))) throw new Error('a result that is of no upload counts');
  };

  /** One invocation. */
  const invoke = async (calls: Calls, looks: number) => {
    const service = createService({
      model: 'tiny',
      registry: createRegistry(faultyStore(versions, calls)),
      engine: faultyEngine(engine, calls),
      tasks: [tensor],
      log: quiet,
      budget: 2 ** 30,
      lookEveryMs: 1e9,
    });
    let left = looks;
    const remainingMs = () => (left-- > 0 ? 900_000 : 0);
    const store = faultyStore(data, calls);
    const running = runBatch({ service, data: store, read: readRecords, key, remainingMs, log: quiet }, limits);
    const ended = running.then(
      ({ state }) => state,
      (error: unknown) => {
        if (error instanceof ModeletError && error.retryable) return 'failed' as const;
        throw error;
      },
    );
    return Promise.race([ended, calls.died]);
  };

  return {
    data,
    upload: async (lines) => {
      uploads.push(lines);
      await data.put(input, Buffer.from(lines.map((line) => `${line}\n`).join('')));
    },
    remove: () => data.delete(input),
    deliver: async ({ fault, looks = 1e9 }, turn = async () => undefined) => {
      const calls = faultyCalls(fault, turn, lookAtResult);
      for (;;) {
        const end = await invoke(calls, looks);
        if (end !== 'unfinished') return { end, struck: calls.struck() };
      }
    },
    check: async () => {
      const result = await wholeResult(data, 'tiny', key);
      const there = await data.stat(input);
      const { etag, modified } = result.summary.input;
      const isCurrent = there === undefined || (etag === there.etag && modified === there.modified.toISOString());
      if (!isCurrent) throw new Error('the result is not of the upload that is there');
      if (there !== undefined && !areRowsOf(result, uploads.at(-1) ?? []))
        throw new Error('the rows are of other records');
      const left = (await allKeys(data, '')).filter((name) => name.startsWith('work/') || name.startsWith('outbox/'));
      if (left.length !== 2) throw new Error(`there is more than the result: ${left.join(', ')}`);
      return result;
    },
  };
}

/** All by one version, each record once and in its order. */
function areRowsOf({ rows, summary }: Result, lines: readonly string[]): boolean {
  const factor = Number(summary.version);
  return (
    rows.length === lines.length &&
    rows.every(({ output, code }, index) => {
      const values = numbersOf(lines[index] as string);
      if (values === undefined) return code === 'INVALID_INPUT';
      return String(output?.outputs.y) === String(values.map((value) => value * factor));
    })
  );
}

/** Undefined for a bad line. */
function numbersOf(line: string): readonly number[] | undefined {
  return line.startsWith('[') ? (JSON.parse(line) as number[]) : undefined;
}

/** Lines of which one is bad. */
export const someLines = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => (i === 3 ? 'bad' : `[${from + i},1,2]`));

/**
 * Deliveries at the same time, whose calls come in a random order: sometimes they take turns, sometimes all but one sleep for
 * long.
 */
export async function interleaved(
  random: Random,
  starts: readonly ((turn: () => Promise<void>) => Promise<void>)[],
): Promise<void> {
  const waiting: { readonly who: number; readonly wake: () => void }[] = [];
  const stay = [0, 0.8, 0.97][Math.floor(random() * 3)] as number;
  let running = starts.length;
  const all = Promise.all(
    starts.map(async (start, who) => {
      try {
        await start(() => new Promise((wake) => waiting.push({ who, wake })));
      } finally {
        running--;
      }
    }),
  );
  all.catch(() => undefined); // awaited at the end
  for (let last = -1; running > 0; ) {
    await setImmediate();
    const same = waiting.findIndex(({ who }) => who === last);
    const chosen = same >= 0 && random() < stay ? same : Math.floor(random() * waiting.length);
    const [next] = waiting.splice(chosen, 1);
    if (next === undefined) continue;
    last = next.who;
    next.wake();
  }
  await all;
}
