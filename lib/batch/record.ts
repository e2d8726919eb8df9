import type { ModeletError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';

/** Where an input can be entered again: before record `index`; in plain files that is at byte `offset`. */
export interface Place {
  readonly index: number;
  readonly offset?: number;
}

export const beginning: Place = { index: 0, offset: 0 };

/** Bytes that a file may have which is one record: it is held in memory. Twice what a phone's photos have. */
export const maxFileBytes = 32 * 2 ** 20;

/** One upload, as it was at its etag. */
export interface BatchInput {
  /** Below `inbox/<model>/`. Its ending says how it is read: `night/7.jsonl.gz`. */
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
  /**
   * Its bytes from `start` up to, not including, `end`.
   * @throws MODEL_UNAVAILABLE where the store fails, InputChanged (batch/input-changed.ts) where the object is another by now
   */
  open(start?: number, end?: number): AsyncIterable<Uint8Array>;
  /**
   * Another object of the data store, which a manifest line names: `files/<model>/…`.
   * @throws INVALID_INPUT where there is none, or where it is no place for files; PAYLOAD_TOO_LARGE
   */
  file(key: string): Promise<Uint8Array>;
}

/** One record of an input, or why it is none: a bad record never ends the reading. */
export type BatchRecord = {
  readonly index: number;
  /** Carried over into its row: the line's own id, an archive entry's name, a manifest line's key. */
  readonly id: string | number | undefined;
  /** Where the next record is. */
  readonly next: Place;
} & ({ readonly instance: Instance } | { readonly error: ModeletError });

/** What a reader must know of the model. */
export interface RecordContext {
  /** Media types that the model's task takes as files. */
  readonly mediaTypes: readonly string[];
  /** The task's name: rows of a table are numbers for `tensor@1`, for others the fields of the task's own JSON. */
  readonly task: string;
}

/**
 * The records of an input in its order, from a place on, holding no more than one record and a few buffers in memory.
 * @throws INVALID_INPUT or UNSUPPORTED_MEDIA_TYPE for an input that is bad as a whole (unknown ending, damaged archive, bomb)
 */
export type ReadRecords = (input: BatchInput, context: RecordContext, from: Place) => AsyncIterable<BatchRecord>;
