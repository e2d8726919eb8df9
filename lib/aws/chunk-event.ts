import * as v from 'valibot';
import { chunkSchema } from '../distributed/plan.js';

/** What the state machine of distributed batches asks of a function (serverless/state-machine.ts). */
const chunkEventSchema = v.object({
  distributed: v.variant('step', [
    v.object({ step: v.literal('plan'), ...job() }),
    v.object({ step: v.literal('work'), ...job(), chunks: v.array(chunkSchema) }),
    v.object({ step: v.literal('merge'), ...job(), tolerated: v.boolean() }),
  ]),
});

function job() {
  return { key: v.string(), upload: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)) };
}

export type ChunkEvent = v.InferOutput<typeof chunkEventSchema>;

/** @returns undefined for an event of another shape */
export function parseChunkEvent(event: unknown): ChunkEvent['distributed'] | undefined {
  const parsed = v.safeParse(chunkEventSchema, event);
  return parsed.success ? parsed.output.distributed : undefined;
}
