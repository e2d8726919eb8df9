/**
 * The smallest store that versions, aliases and batch results need. Keys are `/`-separated, relative, without `.` or `..`
 * parts. Adapters: a folder (`registry/stores/file-store.ts`) and S3 (`registry/stores/s3-store.ts`); both pass
 * `test/registry/object-store.contract.ts`.
 */
export interface ObjectStore {
  /** Where it is, for messages: `./models` or `s3://bucket/prefix`. */
  readonly location: string;

  /** The object, or undefined when there is none. Anything else that goes wrong throws MODEL_UNAVAILABLE. */
  get(key: string, options?: { signal?: AbortSignal }): Promise<StoredObject | undefined>;

  /** As `get`, but for 'unchanged' where the object still has this etag: then its bytes are not sent. */
  getUnless(etag: string, key: string): Promise<StoredObject | 'unchanged' | undefined>;

  /** When the object was last written; undefined when there is none. */
  modified(key: string): Promise<Date | undefined>;

  /**
   * Writes the whole object or nothing.
   * `ifAbsent`: only where no object is. `ifMatch`: only where the object still has this etag.
   * @returns the new etag, or undefined when the condition did not hold (nothing was written then).
   */
  put(key: string, body: Uint8Array, condition?: PutCondition): Promise<string | undefined>;

  /** Names directly below `prefix` (which is '' or ends in `/`), sorted; folders end in `/`. */
  list(prefix: string): Promise<string[]>;

  /** Removes the object; absent is fine. */
  delete(key: string): Promise<void>;
}

export interface StoredObject {
  readonly body: Uint8Array;
  /** Changes whenever the content does. Opaque. */
  readonly etag: string;
}

export type PutCondition = { readonly ifAbsent: true } | { readonly ifMatch: string };
