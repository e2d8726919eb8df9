// One engine with one network, in a process of its own; the parent says whose turn it is.
import process from 'node:process';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { type EngineName, open } from './engines.js';
import type { Network } from './networks.js';
import { questionOf } from './question.js';

export interface Job {
  readonly engine: EngineName;
  readonly network: Network;
}

/** Predicts again and again for this long, ms, and once at least. */
export interface Turn {
  readonly batch: number;
  readonly ms: number;
}

export interface Turned {
  /** Milliseconds of each prediction. */
  readonly times: readonly number[];
  /** The last prediction's, in the first turn of a batch. */
  readonly output?: readonly number[];
}

const { engine, network } = JSON.parse(process.argv[2] ?? '') as Job;
const { registry, name, version } = network.published;
const { signature } = await createRegistry(fileStore(registry)).manifest(name, version);
const predict = await open(engine, network);
const known = new Map<number, ReturnType<typeof questionOf>>();

process.on('message', async ({ batch, ms }: Turn) => {
  const question = known.get(batch) ?? questionOf(signature, batch);
  const isFirst = !known.has(batch);
  known.set(batch, question);
  const times: number[] = [];
  let output: Float32Array;
  const end = performance.now() + ms;
  do {
    const since = performance.now();
    output = await predict(question);
    times.push(performance.now() - since);
  } while (performance.now() < end);
  const turned: Turned = { times, ...(isFirst ? { output: [...output] } : {}) };
  process.send?.(turned);
});
process.send?.('ready');
