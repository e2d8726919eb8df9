import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Engine } from '../../lib/core/engine.js';
import type { ObjectStore } from '../../lib/core/object-store.js';
import { createRandom, permutation, type Random } from '../../lib/core/random.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { openEngine } from '../support/engine.js';
import { memoryStore } from '../support/memory-store.js';
import { publishScaled } from '../support/tiny-model.js';
import { deeds, type Fault, sharedLoads } from './faulty-ports.js';
import { createScene, type Delivery, interleaved, type Scene, someLines } from './scene.js';
import { writeCounts } from './write-counts.js';

let engine: Engine;
let versions: ObjectStore;
const clock = performance.now;

beforeAll(async () => {
  engine = sharedLoads(await openEngine('wasm'));
  versions = memoryStore();
  await publishScaled(createRegistry(versions));
  // Each look at the clock takes the same time, so that passes grow in the same way in every run.
  let now = 0;
  performance.now = () => {
    now += 0.001;
    return now;
  };
});

/** Runs and calls of each test. */
const counts: { what: string; calls: number; runs: number }[] = [];

afterAll(() => {
  performance.now = clock;
  const rows = counts.map(({ what, calls, runs }) => `| ${what} | ${calls} | ${runs} |`);
  const total = counts.reduce((sum, { runs }) => sum + runs, 0);
  writeCounts('faults', ['| | calls | runs |', '|---|---|---|', ...rows, `| **together** | | **${total}** |`]);
  if (counts.length === 7) expect(total).toBeGreaterThanOrEqual(2000);
});

/**
 * Plays a run with each kind of fault at each call, for as long as there are so many calls.
 * @param play returns whether the fault struck
 */
async function atEveryCall(
  what: string,
  seeds: number,
  play: (scene: Scene, fault: Fault, random: Random) => Promise<boolean>,
): Promise<void> {
  let runs = 0;
  for (let at = 0; ; at++) {
    const struck: boolean[] = [];
    for (const deed of deeds) {
      for (let seed = 0; seed < seeds; seed++) {
        try {
          struck.push(await play(createScene(engine, versions), { at, deed }, createRandom(1000 * at + runs)));
        } catch (error) {
          throw new Error(`run ${runs}: ${deed} call ${at}`, { cause: error });
        }
        runs++;
      }
    }
    if (struck.includes(true)) continue;
    counts.push({ what, calls: at, runs });
    return;
  }
}

/** As a queue does: what failed or died comes again until it is done; what was done may come again, too. */
async function deliverAgain(scene: Scene, random: Random, isDone: boolean, delivery: Delivery = {}): Promise<void> {
  const times = Math.max(isDone ? 0 : 1, Math.floor(random() * 3));
  for (let time = 0; time < times; time++) expect((await scene.deliver(delivery)).end).toBe('done');
}

interface Start {
  readonly delivery: Delivery;
  readonly after?: Promise<void>;
}

/** Deliveries at the same time; those that fail or die come again. @returns whether the fault struck */
async function deliverTogether(
  scene: Scene,
  random: Random,
  deliveries: readonly Start[],
  others: readonly ((turn: () => Promise<void>) => Promise<void>)[] = [],
): Promise<boolean> {
  const ends: Awaited<ReturnType<Scene['deliver']>>[] = [];
  const starts = deliveries.map(({ delivery, after }) => async (turn: () => Promise<void>) => {
    await after;
    ends.push(await scene.deliver(delivery, turn));
  });
  await interleaved(random, [...starts, ...others]);
  for (const { end } of ends) if (end !== 'done') expect((await scene.deliver({})).end).toBe('done');
  return ends.some(({ struck }) => struck);
}

describe('a fault at every call: each record once in the one result, nothing left over', () => {
  test('one delivery', async () => {
    await atEveryCall('one delivery', 1, async (scene, fault, random) => {
      await scene.upload(someLines(12));
      const { end, struck } = await scene.deliver({ fault });
      await deliverAgain(scene, random, end === 'done');
      await scene.check();
      return struck;
    });
  });

  test('one delivery, and another fault in the next', async () => {
    const what = 'one delivery, and another fault at a random call of the next';
    await atEveryCall(what, 2, async (scene, fault, random) => {
      await scene.upload(someLines(12));
      const { struck } = await scene.deliver({ fault });
      const second = { at: Math.floor(random() * 60), deed: deeds[Math.floor(random() * 4)] ?? fault.deed };
      const { end } = await scene.deliver({ fault: second });
      await deliverAgain(scene, random, end === 'done');
      await scene.check();
      return struck;
    });
  });

  test('a delivery that is handed on again and again', async () => {
    await atEveryCall('one delivery that runs out of time after each few records', 1, async (scene, fault, random) => {
      await scene.upload(someLines(9));
      const { end, struck } = await scene.deliver({ fault, looks: 4 });
      await deliverAgain(scene, random, end === 'done', { looks: 4 });
      await scene.check();
      return struck;
    });
  });

  test('two deliveries at the same time', async () => {
    const what = 'two deliveries at the same time, their calls in random order';
    await atEveryCall(what, 2, async (scene, fault, random) => {
      await scene.upload(someLines(12));
      const struck = await deliverTogether(scene, random, [{ delivery: { fault } }, { delivery: {} }]);
      await scene.check();
      return struck;
    });
  });

  test.each([
    ['another works on the same upload', false],
    ['it is replaced, and another works on the new one', true],
  ])('a delivery that sleeps at a call while %s', async (what, replace) => {
    let runs = 0;
    for (let at = 0; ; at++) {
      const scene = createScene(engine, versions);
      await scene.upload(someLines(12));
      let asleep = (_: boolean): void => undefined;
      let wake = (): void => undefined;
      const sleeping = new Promise<boolean>((resolve) => {
        asleep = resolve;
      });
      let calls = 0;
      const turn = async () => {
        if (calls++ !== at) return;
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        asleep(true);
        await woken;
      };
      const delivered = scene.deliver({}, turn).finally(() => asleep(false));
      const isAsleep = await sleeping;
      if (replace) await scene.upload(someLines(7, 100));
      expect((await scene.deliver({})).end).toBe('done');
      wake();
      expect((await delivered).end).toBe('done');
      if (isAsleep || !replace) await scene.check();
      runs++;
      if (isAsleep) continue;
      counts.push({ what: `one delivery that sleeps while ${what}`, calls: at, runs });
      return;
    }
  });

  test('an upload that is replaced meanwhile, its events and those of the new one in any order', async () => {
    const what = 'an upload that is replaced at a random moment; up to two deliveries for each of the two';
    await atEveryCall(what, 1, async (scene, fault, random) => {
      await scene.upload(someLines(12));
      let uploaded = (): void => undefined;
      const after = new Promise<void>((resolve) => {
        uploaded = resolve;
      });
      const moment = Math.floor(random() * 120);
      const replace = async (turn: () => Promise<void>) => {
        for (let calls = 0; calls < moment; calls++) await turn();
        await scene.upload(someLines(5 + Math.floor(random() * 8), 100));
        uploaded();
      };
      const deliveries: Start[] = [
        { delivery: { fault } },
        { delivery: {}, after },
        { delivery: { looks: 5 }, after },
        { delivery: { looks: 5 } },
      ].slice(0, 2 + Math.floor(random() * 3));
      const order = [...permutation(deliveries.length, random)].map((index) => deliveries[index] as Start);
      const struck = await deliverTogether(scene, random, order, [replace]);
      await scene.check();
      return struck;
    });
  });
});
