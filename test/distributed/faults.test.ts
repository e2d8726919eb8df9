// A fault at every call that any step of a distributed batch makes, in each kind: the step comes again, as Step Functions would
// bring it, and what comes of it is the one whole result.
import { beforeAll, expect, test } from '@jest/globals';
import { createChunkHandler } from '../../lib/aws/chunk-handler.js';
import { workFolder } from '../../lib/batch/paths.js';
import type { Engine } from '../../lib/core/engine.js';
import type { Log } from '../../lib/core/log.js';
import type { ObjectStore } from '../../lib/core/object-store.js';
import { stepErrors } from '../../lib/core/step-errors.js';
import type { Chunk } from '../../lib/distributed/chunk.js';
import { tensor } from '../../lib/index.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { createService } from '../../lib/service.js';
import {
  type Calls,
  deeds,
  type Fault,
  faultyCalls,
  faultyEngine,
  faultyStore,
  sharedLoads,
} from '../batch/faulty-ports.js';
import { allKeys, wholeResult } from '../batch/whole-result.js';
import { openEngine } from '../support/engine.js';
import { memoryStore } from '../support/memory-store.js';
import { publishScaled } from '../support/tiny-model.js';

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined, event: () => undefined };
const key = 'a.jsonl';
const records = 7;

let engine: Engine;
let versions: ObjectStore;
beforeAll(async () => {
  engine = sharedLoads(await openEngine('wasm'));
  versions = memoryStore();
  await publishScaled(createRegistry(versions));
});

/** Plays a whole job, with one fault. @returns whether it struck */
async function play(fault: Fault): Promise<boolean> {
  const data = memoryStore(64);
  await data.put(`inbox/tiny/${key}`, Buffer.from(Array.from({ length: records }, (_, i) => `[${i},1,2]\n`).join('')));
  const info = await data.stat(`inbox/tiny/${key}`);
  const upload = info === undefined ? '' : workFolder(info).slice(0, -1);
  const calls = faultyCalls(fault, async () => undefined);

  /** One invocation by a process of its own. */
  const invoke = (fields: object, { make, died }: Calls) => {
    const ports: Calls = { make, died, struck: calls.struck };
    const service = createService({
      model: 'tiny',
      registry: createRegistry(faultyStore(versions, ports)),
      engine: faultyEngine(engine, ports),
      tasks: [tensor],
      log: quiet,
      budget: 2 ** 30,
      lookEveryMs: 1e9,
    });
    const handle = createChunkHandler(service, faultyStore(data, ports), quiet);
    return Promise.race([handle({ distributed: { key, upload, ...fields } }, () => 900_000), died]);
  };
  /** Until it is done: what failed or died comes again, by then without a fault. */
  const step = async (fields: object) => {
    try {
      const answer = await invoke(fields, calls.struck() ? faultyCalls(undefined, async () => undefined) : calls);
      if (answer !== 'died') return answer;
    } catch (error) {
      expect(error).toMatchObject({ name: stepErrors.again });
    }
    const answer = await invoke(
      fields,
      faultyCalls(undefined, async () => undefined),
    );
    if (answer === 'died') throw new Error('nothing kills it a second time');
    return answer;
  };

  const { list = '' } = await step({ step: 'plan' });
  const [whole] = JSON.parse(Buffer.from((await data.get(list))?.body ?? []).toString()) as [Chunk];
  expect(whole.end).toBe(records);
  await step({ step: 'work', chunks: [whole] });
  expect(await step({ step: 'merge', tolerated: false })).toEqual({ summary: { state: 'done', records, failed: 0 } });
  const { rows } = await wholeResult(data, 'tiny', key);
  expect(rows.map(({ output }) => output.outputs.y[0])).toEqual(Array.from({ length: records }, (_, index) => index));
  expect(await allKeys(data, 'work/')).toEqual([]);
  return calls.struck();
}

test('whatever fails or ends a step at any of its calls, the result is whole', async () => {
  let runs = 0;
  for (let at = 0; ; at++) {
    let struck = false;
    for (const deed of deeds) {
      struck = await play({ at, deed }).catch((cause) => {
        throw new Error(`${deed} call ${at}`, { cause });
      });
      runs++;
    }
    if (!struck) break;
  }
  expect(runs).toBeGreaterThan(100);
});
