import { ModeletError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import type { Manifest } from '../core/manifest.js';
import type { Tensor, Tensors } from '../core/tensor.js';
import { startTimings, type Timings } from '../core/timings.js';
import type { Service } from '../service.js';
import type { BatchSizes } from './batch-sizes.js';
import { predictApart, reasonOf } from './predict-apart.js';
import type { BatchRecord, Place } from './record.js';

/** One line of results.jsonl. */
export interface Row {
  readonly json: string;
  /** Where the next record is. */
  readonly next: Place;
  /** Of its error, if it is one. */
  readonly code: string | undefined;
}

/** What the records of one forward pass may hold together. */
const mostBytes = 16 * 2 ** 20;
/** Bad records go along without being predicted. */
const mostRecords = 1024;

/** Gathering them may take no longer, ms: a photo of a phone is decoded in a second. */
const mostMs = 2000;

/** A record on its way to a row, without what that does not need. */
interface Prepared extends Pick<BatchRecord, 'index' | 'id' | 'next'> {
  /** Its example as the network takes it, or why there is none. */
  readonly ready: Tensors | ModeletError;
  /** What the answer may speak of. Not nested numbers: they are in `ready`, and weigh a dozen times as much as there. */
  readonly instance: Exclude<Instance, { kind: 'numbers' }> | undefined;
}

/**
 * Records → rows in the same order, in passes of measured size. A bad record becomes a row that says so.
 * @throws what ends the whole run, after the rows of all records before it
 */
export async function* predictRecords(
  service: Service,
  manifest: Manifest,
  records: AsyncIterable<BatchRecord>,
  sizes: BatchSizes,
): AsyncIterable<Row> {
  const timings = startTimings();
  for await (const batch of aheadByOne(prepare(service, manifest, records, sizes, timings))) {
    const examples = batch.flatMap(({ ready }) => (ready instanceof ModeletError ? [] : [ready]));
    const stopwatch = startStopwatch(timings);
    const outputs = await predictApart(service, manifest, examples, timings, sizes.tooLarge);
    sizes.took(examples.length, stopwatch());
    let used = 0;
    for (const record of batch) {
      const { ready } = record;
      const output = ready instanceof ModeletError ? ready : (outputs[used++] as Tensors | ModeletError);
      yield row(service, manifest, record, output, timings);
    }
  }
}

/**
 * Milliseconds of work since, without loading: of this process alone where one thread works and others want the processor, of
 * the clock where several work at once.
 */
function startStopwatch(timings: Timings): () => number {
  const loadedMs = () => timings.stages.get('load') ?? 0;
  const since = { clock: performance.now(), loadedMs: loadedMs(), cpu: process.cpuUsage() };
  return () => {
    const { user, system } = process.cpuUsage(since.cpu);
    const clockMs = performance.now() - since.clock - (loadedMs() - since.loadedMs);
    return Math.min(clockMs, (user + system) / 1000);
  };
}

/** Gathers what goes into one pass. */
async function* prepare(
  service: Service,
  manifest: Manifest,
  records: AsyncIterable<BatchRecord>,
  sizes: BatchSizes,
  timings: Timings,
): AsyncIterable<readonly Prepared[]> {
  let batch: Prepared[] = [];
  let examples = 0;
  let bytes = 0;
  let since = performance.now();
  try {
    for await (const record of records) {
      // Others in this process get their turn: preprocessing may take long.
      await timings.turn();
      const prepared = await prepareRecord(service, manifest, record, timings);
      batch.push(prepared);
      if (!(prepared.ready instanceof ModeletError)) examples++;
      bytes += bytesOf(prepared);
      const isLong = performance.now() - since > mostMs;
      if (examples < sizes.size && bytes < mostBytes && batch.length < mostRecords && !isLong) continue;
      yield batch;
      batch = [];
      examples = 0;
      bytes = 0;
      since = performance.now();
    }
  } catch (error) {
    // What was read before counts.
    if (batch.length > 0) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}

async function prepareRecord(
  service: Service,
  manifest: Manifest,
  record: BatchRecord,
  timings: Timings,
): Promise<Prepared> {
  const { index, id, next } = record;
  const ready = await example(service, manifest, record, timings);
  const instance = 'instance' in record && !(ready instanceof ModeletError) ? held(record.instance) : undefined;
  return { index, id, next, ready, instance };
}

/** Small buffers are slices of slabs that Node shares out: held for a pass, each would hold a slab of 64 KiB. */
function held(instance: Instance): Prepared['instance'] {
  if (instance.kind === 'numbers') return undefined;
  if (instance.kind === 'fields' || instance.bytes.length === instance.bytes.buffer.byteLength) return instance;
  return { kind: 'file', bytes: new Uint8Array(instance.bytes) };
}

/** MODEL_CORRUPT ends the run: it says that no record can be prepared. */
async function example(
  service: Service,
  manifest: Manifest,
  record: BatchRecord,
  timings: Timings,
): Promise<Tensors | ModeletError> {
  if ('error' in record) return record.error;
  try {
    return await service.prepare(manifest, record.instance, timings, 'instance');
  } catch (error) {
    if (error instanceof ModeletError && error.code === 'MODEL_CORRUPT') throw error;
    return reasonOf(error);
  }
}

function row(
  service: Service,
  manifest: Manifest,
  { index, id, next, instance }: Prepared,
  outputs: Tensors | ModeletError,
  timings: Timings,
): Row {
  const line = (fields: object, code?: string): Row => ({
    json: `${JSON.stringify({ index, ...(id !== undefined && { id }), ...fields })}\n`,
    next,
    code,
  });
  const failed = ({ message, code }: ModeletError) => line({ error: message, code }, code);
  if (outputs instanceof ModeletError) return failed(outputs);
  try {
    return line({ output: service.answer(manifest, outputs, timings, instance) });
  } catch (error) {
    return failed(reasonOf(error));
  }
}

function bytesOf({ ready, instance }: Prepared): number {
  const file = instance?.kind === 'file' ? instance.bytes.length : 0;
  const tensors: readonly Tensor[] = ready instanceof ModeletError ? [] : [...ready.values()];
  return tensors.reduce((sum, { data }) => sum + data.byteLength, file);
}

/** Gets the next while the last is still being used: reading and decoding go on while a part is written. */
async function* aheadByOne<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]();
  const ask = () => {
    const next = iterator.next();
    next.catch(() => undefined); // awaited below; it must not go unhandled meanwhile
    return next;
  };
  let next = ask();
  try {
    for (let got = await next; !got.done; got = await next) {
      next = ask();
      yield got.value;
    }
  } finally {
    // Not awaited: what is being read may never arrive.
    iterator.return?.().catch(() => undefined);
  }
}
