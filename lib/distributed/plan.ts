import * as v from 'valibot';
import type { Chain } from '../batch/chain.js';
import { readJson } from '../batch/read-json.js';
import type { ObjectStore } from '../core/object-store.js';
import { type Chunk, chunksKey, planKey } from './chunk.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const placeSchema = v.pipe(
  v.object({ index: count, offset: v.optional(count) }),
  v.transform(({ index, offset }) => (offset === undefined ? { index } : { index, offset })),
);

export const chunkSchema = v.object({ number: count, start: placeSchema, end: count });

const planSchema = v.object({
  chunks: count,
  /** Why the last chunk is not the end of the input. */
  failure: v.optional(v.object({ error: v.string(), code: v.string() })),
});

/** How an upload is cut into chunks. */
export interface Plan {
  readonly chunks: readonly Chunk[];
  readonly failure?: { readonly error: string; readonly code: string } | undefined;
}

const unfinishedSchema = v.object({ chunks: v.array(chunkSchema), next: placeSchema });

/** @returns undefined where there is none yet, or none that is whole: planning again makes it so */
export async function readPlan(data: ObjectStore, start: Chain): Promise<Plan | undefined> {
  const plan = readJson(planSchema, (await data.get(planKey(start)))?.body ?? nothing);
  const chunks = plan && readJson(v.array(chunkSchema), (await data.get(chunksKey(start)))?.body ?? nothing);
  if (chunks === undefined || plan?.chunks !== chunks.length || !isWhole(chunks)) return undefined;
  return { chunks, failure: plan.failure };
}

/** Each begins where the one before ends. */
const isWhole = (chunks: readonly Chunk[]): boolean =>
  chunks.every(({ number, start }, at) => number === at && start.index === (chunks[at - 1]?.end ?? 0));

/** The list, as the state machine reads it, goes first: the plan is what makes it count. Whoever else plans writes the same. */
export async function writePlan(data: ObjectStore, start: Chain, { chunks, failure }: Plan): Promise<void> {
  await data.put(chunksKey(start), json(chunks));
  await data.put(planKey(start), json({ chunks: chunks.length, failure }));
  await data.delete(unfinishedKey(start));
}

type Unfinished = v.InferOutput<typeof unfinishedSchema>;

/** How far an invocation came whose time was up. */
export async function readUnfinished(data: ObjectStore, start: Chain): Promise<Unfinished> {
  const body = (await data.get(unfinishedKey(start)))?.body ?? nothing;
  return readJson(unfinishedSchema, body) ?? { chunks: [], next: { index: 0, offset: 0 } };
}

export async function writeUnfinished(data: ObjectStore, start: Chain, unfinished: Unfinished): Promise<void> {
  await data.put(unfinishedKey(start), json(unfinished));
}

const unfinishedKey = ({ folder, run }: Chain): string => `${folder}${run}.planning.json`;
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const nothing = new Uint8Array();
