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

  /** What the object is now, without its bytes; undefined when there is none. */
  stat(key: string): Promise<ObjectInfo | undefined>;

  /**
   * The object's bytes as they arrive, from `start` up to, not including, `end` (default: all of it). Nothing is buffered or
   * tried again here once the first byte is out: whoever reads it knows where it stopped. The body holds a connection or a file
   * open until it ends or its iteration is left.
   * @param options.etag reads only the object that has this etag
   * @returns 'changed' where the object has another etag; undefined when there is none
   */
  read(key: string, options?: ReadOptions): Promise<ObjectStream | 'changed' | undefined>;

  /**
   * Puts the object's bytes from `start` on into memory, as many as it has room for: quicker than `read`. Not tried again here,
   * either.
   * @returns what `read` would have found; `into` is filled where the object has so many bytes
   */
  readInto(key: string, into: Uint8Array, options?: Omit<ReadOptions, 'end'>): Promise<FilledFrom>;

  /**
   * Writes the whole object or nothing. The same bytes have the same etag, also when they were streamed.
   * `ifAbsent`: only where no object is. `ifMatch`: only where the object still has this etag.
   * @returns the new etag, or undefined when the condition did not hold (nothing was written then).
   */
  put(key: string, body: Uint8Array | StreamedBody, condition?: PutCondition): Promise<string | undefined>;

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

export interface ObjectInfo {
  readonly etag: string;
  readonly bytes: number;
  readonly modified: Date;
}

export interface ReadOptions {
  readonly start?: number;
  readonly end?: number;
  readonly etag?: string;
  readonly signal?: AbortSignal;
}

export interface ObjectStream {
  readonly etag: string;
  /** Of the whole object. */
  readonly bytes: number;
  /** Throws MODEL_UNAVAILABLE where it breaks off or stalls. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The object that bytes came from. */
export type FilledFrom = Pick<ObjectStream, 'etag' | 'bytes'> | 'changed' | undefined;

/** Bytes too many to hold at once. */
export interface StreamedBody {
  readonly bytes: number;
  /** From the first byte; called again where a write has to be tried again. */
  open(): AsyncIterable<Uint8Array>;
}
