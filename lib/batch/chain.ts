import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { ModeletError } from '../core/errors.js';
import type { ObjectStore, StreamedBody } from '../core/object-store.js';
import { readJson } from './read-json.js';
import { beginning, type Place } from './record.js';

/**
 * A run's results so far: parts that each begin where the one before ended, written only where no part is yet. So whoever
 * works on it, and however often it was broken off, they make one chain. Its folder holds `start.json` and
 * `<run>-000000.jsonl`, `<run>-000001.jsonl`, …: a first line that is the head of the chain so far, then rows.
 */
export interface Chain {
  readonly folder: string;
  /** Named in its parts: those of a run that was given up are not taken for its own. */
  readonly run: string;
  /** The model's version, chosen when the first invocation started. */
  readonly version: string;
  readonly started: string;
  readonly parts: number;
  readonly head: Head;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const headSchema = v.object({
  /** The first record that is in no part yet. */
  next: v.object({ index: count, offset: v.optional(count) }),
  /** Nothing comes after this part. */
  last: v.boolean(),
  /** Why the last part is not the end of the input. */
  failure: v.optional(v.object({ error: v.string(), code: v.string() })),
  ok: count,
  failed: count,
  codes: v.record(v.string(), count),
  /** Of rows. */
  bytes: count,
  /** Invocations that wrote parts. */
  by: v.array(v.string()),
});

const startSchema = v.object({ run: v.string(), version: v.string(), started: v.string() });

/** What all parts up to one hold together, and where the next one begins. */
export interface Head extends Omit<v.InferOutput<typeof headSchema>, 'next'> {
  readonly next: Place;
}

export const beginningHead: Head = { next: beginning, last: false, ok: 0, failed: 0, codes: {}, bytes: 0, by: [] };

/** A head is a few hundred bytes; many invocations make it longer. */
const longestHead = 64 * 1024;

/** Another run removed the parts: it has committed, or it started afresh. */
export class PartsGone extends ModeletError {
  constructor(folder: string) {
    super('MODEL_UNAVAILABLE', `parts of the results in ${folder} were removed meanwhile; try again`);
  }
}

/**
 * The chain in a folder, if there is a whole one.
 * @returns etag of its `start.json`, also where that is no use
 */
export async function findChain(
  data: ObjectStore,
  folder: string,
): Promise<{ chain?: Chain; etag?: string | undefined }> {
  const { start: begun, etag } = await findStart(data, folder);
  if (begun === undefined) return { etag };
  const names = (await data.list(folder)).filter((name) => name.startsWith(`${begun.run}-`));
  const last = names.at(-1);
  if (last === undefined) return { chain: begun, etag };
  const parts = names.length;
  // Names are sorted: a last number that is too high says that some are gone.
  const head = `${folder}${last}` === partKey(begun, parts - 1) ? await readHead(data, begun, parts - 1) : undefined;
  return head === undefined ? { etag } : { chain: { ...begun, parts, head }, etag };
}

/**
 * What a folder's `start.json` says, as a chain without parts.
 * @returns etag of it, also where it is no use
 */
export async function findStart(data: ObjectStore, folder: string): Promise<{ start?: Chain; etag?: string }> {
  const object = await data.get(startKey(folder));
  if (object === undefined) return {};
  const start = readJson(startSchema, object.body);
  const { etag } = object;
  return start === undefined ? { etag } : { start: { folder, ...start, parts: 0, head: beginningHead }, etag };
}

/** A chain with the parts that it has by now, found one after the other: for one of few parts in a folder of many. */
export async function followChain(data: ObjectStore, begun: Chain): Promise<Chain> {
  let chain = begun;
  while (!chain.head.last) {
    const head = await readHead(data, chain, chain.parts);
    if (head === undefined) return chain;
    chain = { ...chain, parts: chain.parts + 1, head };
  }
  return chain;
}

/**
 * Starts a chain where none is, or instead of one that is no use.
 * @param instead etag of the `start.json` to replace
 */
export async function startChain(data: ObjectStore, folder: string, version: string, instead?: string): Promise<void> {
  const start = { run: randomUUID(), version, started: new Date().toISOString() };
  const condition = instead === undefined ? { ifAbsent: true as const } : { ifMatch: instead };
  await data.put(startKey(folder), Buffer.from(JSON.stringify(start)), condition);
}

/**
 * Adds a part, unless another run has added one there.
 * @returns the chain with the part that is there now
 */
export async function addPart(data: ObjectStore, chain: Chain, head: Head, rows: Uint8Array): Promise<Chain> {
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), rows]);
  const parts = chain.parts + 1;
  const etag = await data.put(partKey(chain, chain.parts), body, { ifAbsent: true });
  if (etag !== undefined) return { ...chain, parts, head };
  const other = await readHead(data, chain, chain.parts);
  if (other === undefined) throw new PartsGone(chain.folder);
  return { ...chain, parts, head: other };
}

/** The rows of all parts in order. Reading throws PartsGone. */
export function rowsOf(data: ObjectStore, chain: Chain): StreamedBody {
  async function* open(): AsyncIterable<Uint8Array> {
    for (let index = 0; index < chain.parts; index++) {
      const part = await data.read(partKey(chain, index));
      if (part === undefined || part === 'changed') throw new PartsGone(chain.folder);
      yield* withoutFirstLine(part.body);
    }
  }
  return { bytes: chain.head.bytes, open };
}

/** The rows of one part, which is held in memory. @throws PartsGone */
export async function partRows(data: ObjectStore, chain: Chain, index: number): Promise<Uint8Array> {
  const part = await data.get(partKey(chain, index));
  if (part === undefined) throw new PartsGone(chain.folder);
  return part.body.subarray(part.body.indexOf(lineFeed) + 1);
}

const startKey = (folder: string): string => `${folder}start.json`;
const partKey = ({ folder, run }: Chain, index: number): string =>
  `${folder}${run}-${String(index).padStart(6, '0')}.jsonl`;

async function readHead(data: ObjectStore, chain: Chain, index: number): Promise<Head | undefined> {
  const part = await data.read(partKey(chain, index), { start: 0, end: longestHead });
  if (part === undefined || part === 'changed') return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of part.body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const head = readJson(headSchema, bytes.subarray(0, bytes.indexOf(lineFeed)));
  if (head === undefined) return undefined;
  const { offset } = head.next;
  return { ...head, next: { index: head.next.index, ...(offset !== undefined && { offset }) } };
}

const lineFeed = 10;

async function* withoutFirstLine(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let inRows = false;
  for await (const chunk of body) {
    const rows: Uint8Array = inRows ? chunk : chunk.subarray(chunk.indexOf(lineFeed) + 1 || chunk.length);
    inRows ||= chunk.includes(lineFeed);
    if (rows.length > 0) yield rows;
  }
}
