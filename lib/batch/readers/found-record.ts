import type { ModeletError } from '../../core/errors.js';
import type { Instance } from '../../core/instance.js';
import type { BatchInput, RecordContext } from '../record.js';

/** A record that a format's reader came to: found, not yet looked at. */
export interface FoundRecord {
  /** Bytes from the start of a plain input to where the next record may begin; undefined where none can be entered. */
  readonly end?: number;
  /**
   * What it holds. Asked at most once, before the next record is; never asked for a record that is passed over.
   * @throws what ends the reading: an input that is damaged as a whole, a store that fails
   */
  read(): RecordContent | Promise<RecordContent>;
}

export type RecordContent = { readonly id?: string | number | undefined } & (
  | { readonly instance: Instance }
  | { readonly error: ModeletError }
);

export interface ReaderSource {
  readonly input: BatchInput;
  readonly context: RecordContext;
  /** The input's bytes from `start` on, without gzip around them. */
  bytes(start: number): AsyncIterable<Uint8Array>;
}

/**
 * All records from a byte on, where one begins (0 where the format can't be entered elsewhere).
 * @throws INVALID_INPUT for an input that is damaged as a whole, after the records before the damage
 */
export type FormatReader = (source: ReaderSource, start: number) => AsyncIterable<FoundRecord>;
