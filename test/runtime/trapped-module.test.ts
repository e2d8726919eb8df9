import { expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import type { Log } from '../../lib/core/log.js';
import { startTimings } from '../../lib/core/timings.js';
import { production } from '../../lib/core/version-ref.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import type { WasmModule } from '../../lib/runtime/wasm-module.js';
import { createService, type Service } from '../../lib/service.js';
import { tensor } from '../../lib/tasks/tensor.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny, tinyOutput } from '../support/tiny-model.js';

const log: Log = { info: () => undefined, warn: () => undefined, error: () => undefined, event: () => undefined };

async function predict(service: Service): Promise<number[]> {
  const manifest = await service.describe(production);
  const instance = { kind: 'numbers' as const, value: [1, 2, 3] };
  const [outputs] = await service.predict(manifest, [instance], startTimings(), () => 'body');
  return [...(outputs?.get('y')?.data ?? [])];
}

/** What a kernel that wrote out of its bounds leaves: the module's own tables point nowhere, so that its next call traps. */
function corruptModule(): void {
  const { HEAPU8 } = (tf.backend() as unknown as { wasm: WasmModule }).wasm;
  HEAPU8.fill(0xfe, 1024, 4 * 1024 * 1024);
}

test('a trap costs the request in which it comes, and every model of the process answers the next', async () => {
  const registry = temporaryRegistry();
  const engine = await openEngine('wasm', { plans: false });
  const services: Service[] = [];
  for (const model of ['one', 'two', 'three']) {
    await publishTiny(registry, model);
    services.push(
      createService({ model, registry, engine, tasks: [tensor], log, budget: 2 ** 30, lookEveryMs: 30_000 }),
    );
  }
  const [one, two, three] = services as [Service, Service, Service];
  const expected = tinyOutput([[1, 2, 3]])[0] as number[];
  for (let round = 0; round < 3; round++) {
    for (const service of services) expect(await predict(service)).toEqual(expected);
    corruptModule();
    const error = await predict(one).catch((thrown) => thrown);
    expect(error).toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: expect.stringMatching(/^the model ran out of memory or trapped/),
    });
    expect((error.cause as Error).message).toMatch(/memory access out of bounds|unreachable|table index/);
    // At once, whoever comes first: the model that trapped, and those that only shared its module.
    expect(await Promise.all([predict(two), predict(one), predict(three)])).toEqual([expected, expected, expected]);
  }
});
