import type { Chunk } from '../../lib/distributed/chunk.js';
import { type DistributedInput, stateMachine } from '../../lib/serverless/state-machine.js';

const { Plan, Chunks, Merge, Explain } = stateMachine.States;
const tasks = { Plan, Merge, Explain };

/** What the state machine sends to the function in a state, by the parameters that the state is deployed with. */
export function stepEvent(state: keyof typeof tasks, input: DistributedInput): unknown {
  return payloadOf(tasks[state], input);
}

/** What its map sends: a batch of chunks each. */
export function workEvents(input: DistributedInput, chunks: readonly Chunk[]): unknown[] {
  const { MaxItemsPerBatch: size, BatchInput } = Chunks.ItemBatcher;
  const batches = Array.from({ length: Math.ceil(chunks.length / size) }, (_, index) =>
    chunks.slice(index * size, (index + 1) * size),
  );
  const work = Chunks.ItemProcessor.States.Work;
  return batches.map((Items) => payloadOf(work, { Items, BatchInput: resolve(BatchInput, input) }));
}

function payloadOf({ Parameters }: { readonly Parameters: unknown }, input: unknown): unknown {
  return (resolve(Parameters, input) as { Payload: unknown }).Payload;
}

/** A payload template of JSONPath, with plain paths only (`$.a.b`). */
function resolve(template: unknown, input: unknown): unknown {
  if (typeof template !== 'object' || template === null) return template;
  const fields = Object.entries(template).map(([name, value]): [string, unknown] =>
    name.endsWith('.$') ? [name.slice(0, -2), at(input, value as string)] : [name, resolve(value, input)],
  );
  return Object.fromEntries(fields);
}

const at = (input: unknown, path: string): unknown =>
  path
    .split('.')
    .slice(1)
    .reduce((value, name) => (value as Record<string, unknown>)[name], input);
