import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import type { ObjectStore } from '../core/object-store.js';
import type { Service } from '../service.js';
import { createBatchSizes } from './batch-sizes.js';
import { addPart, type Chain, type Head } from './chain.js';
import { predictRecords, type Row } from './predict-records.js';
import type { BatchInput, ReadRecords } from './record.js';
import { createRowBuffer } from './row-buffer.js';

/** When a part is written: what is in none yet is lost where the process ends. */
export interface PartLimits {
  /** Of rows, which are held in memory. */
  readonly bytes: number;
  readonly ms: number;
}

export interface Extension {
  readonly service: Service;
  readonly data: ObjectStore;
  readonly read: ReadRecords;
  readonly input: BatchInput;
  readonly manifest: Manifest;
  /** Names this invocation in the parts. */
  readonly invocation: string;
  readonly limits: PartLimits;
  /** True once there is time for no more than one part. */
  isLate(): boolean;
  onRow(head: Head): void;
}

/** Errors that end a run for good: the input is bad as a whole, or the model is. */
const final: readonly string[] = ['INVALID_INPUT', 'UNSUPPORTED_MEDIA_TYPE', 'PAYLOAD_TOO_LARGE', 'MODEL_CORRUPT'];

/**
 * Adds parts to a chain until it is complete or time is up, at least one.
 * @returns the chain as far as it has come, by this invocation or by others at the same time
 * @throws VERSION_NOT_FOUND or MODEL_NOT_FOUND where the version was deleted, InputChanged, PartsGone, MODEL_UNAVAILABLE
 */
export async function extendChain(extension: Extension, from: Chain): Promise<Chain> {
  const { service, data, read, input, manifest, invocation, limits, isLate, onRow } = extension;
  const sizes = createBatchSizes();
  let chain = from;
  let part = newPart(chain.head, invocation);

  /** @returns whether a part is next that begins with the next record: another run's may have ended elsewhere, or for good */
  const write = async (end: Partial<Head> = {}): Promise<boolean> => {
    const head = { ...part.head(), ...end };
    chain = await addPart(data, chain, head, part.rows());
    part = newPart(chain.head, invocation);
    return chain.head.next.index === head.next.index && !chain.head.last;
  };

  /** Reads on from the end of the chain. */
  const goOn = async (): Promise<void> => {
    try {
      const records = read(
        input,
        { mediaTypes: service.mediaTypes(manifest), task: manifest.task.name },
        chain.head.next,
      );
      for await (const row of predictRecords(service, manifest, records, sizes)) {
        part.add(row);
        onRow(part.head());
        const isFull = part.bytes() >= limits.bytes || performance.now() - part.since >= limits.ms;
        if (isFull || isLate()) if (!(await write()) || isLate()) return;
      }
    } catch (error) {
      if (!(error instanceof ModeletError) || !final.includes(error.code)) throw error;
      if (error.code === 'MODEL_CORRUPT') await checkPresence(service, manifest);
      await write({ last: true, failure: { error: error.message, code: error.code } });
      return;
    }
    await write({ last: true });
  };

  do await goOn();
  while (!chain.head.last && !isLate());
  return chain;
}

/** A version that is deleted while it is loaded looks damaged. @throws VERSION_NOT_FOUND */
async function checkPresence({ registry }: Service, { model, version }: Manifest): Promise<void> {
  if ((await registry.versions(model)).includes(version)) return;
  throw new ModeletError('VERSION_NOT_FOUND', `version ${version} of ${model} was deleted meanwhile`);
}

function newPart(before: Head, invocation: string) {
  const buffer = createRowBuffer();
  const codes = { ...before.codes };
  let { next, ok, failed } = before;
  const by = before.by.includes(invocation) ? before.by : [...before.by, invocation];
  return {
    rows: buffer.rows,
    since: performance.now(),
    bytes: () => buffer.bytes,
    head: (): Head => ({ next, last: false, ok, failed, codes, bytes: before.bytes + buffer.bytes, by }),
    add: (row: Row): void => {
      buffer.add(row.json);
      next = row.next;
      if (row.code === undefined) ok++;
      else {
        failed++;
        codes[row.code] = (codes[row.code] ?? 0) + 1;
      }
    },
  };
}
