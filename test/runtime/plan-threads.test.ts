import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LoadedModel } from '../../lib/core/engine.js';
import { makeTensor, type Tensors } from '../../lib/core/tensor.js';
import { type PlanSource, planSource } from '../../lib/plans/plan-source.js';
import { createReplay } from '../../lib/plans/replay.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openVersion } from '../../lib/registry/version-files.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { createPlanEngine } from '../../lib/runtime/plan-engine.js';
import { planThreads } from '../../lib/runtime/plan-threads.js';
import { numbers } from '../kernels/kernel-room.js';
import { bundledModel } from '../plans/bundled-model.js';

const openBundled = async (name: string) => {
  const registry = createRegistry(fileStore('models'));
  const manifest = await registry.manifest(name, '1');
  return { manifest, files: openVersion(registry.store, manifest) };
};

const images = (count: number, seed: number): Tensors =>
  new Map([['image', makeTensor('FP32', [count, 28, 28, 1], numbers(count * 784, seed).map(Math.abs))]]);

describe('predictions beside this thread', () => {
  let model: LoadedModel;
  const beside = (inputs: Tensors): Promise<Tensors> => {
    if (model.predictBeside === undefined) throw new RangeError('there is one processor only');
    return model.predictBeside(inputs);
  };

  beforeAll(async () => {
    const { manifest, files } = await openBundled('digits');
    model = await createPlanEngine(() => openEngine('cpu'), 3).load(manifest, files);
  });
  afterAll(() => model.dispose());

  test('are what this thread predicts, many at once and in any order', async () => {
    const batches = Array.from({ length: 40 }, (_, seed) => images(1 + (seed % 7), seed));
    const [there, here] = await Promise.all([
      Promise.all(batches.map(beside)),
      Promise.all(batches.map((batch) => model.predict(batch))),
    ]);
    expect(there).toEqual(here);
  });

  test('go on when a batch on this thread needs the memory that was theirs', async () => {
    const before = Promise.all([1, 2, 3, 4].map((seed) => beside(images(3, seed))));
    const large = await model.predict(images(3000, 5));
    expect(large.get('probabilities')?.shape).toEqual([3000, 10]);
    expect(await before).toEqual(await Promise.all([1, 2, 3, 4].map((seed) => model.predict(images(3, seed)))));
    expect(await beside(images(2, 6))).toEqual(await model.predict(images(2, 6)));
  });

  test('refuse what this thread refuses', async () => {
    const infinite = new Map([['image', makeTensor('FP32', [1, 28, 28, 1], new Float32Array(784).fill(Number.NaN))]]);
    await expect(beside(infinite)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('are not offered where there is one processor', async () => {
    const { manifest, files } = await openBundled('digits');
    const alone = await createPlanEngine(() => openEngine('cpu'), 1).load(manifest, files);
    expect(alone.predictBeside).toBeUndefined();
    alone.dispose();
  });

  test('are waited for by all who need their memory, however many', async () => {
    const { kernels, graph, constants, manifest } = await bundledModel('digits');
    const source = planSource(kernels, graph, manifest.signature, constants);
    let end: number | undefined;
    const planOf: PlanSource['planOf'] = (inputs) => {
      const plan = source.planOf(inputs);
      return { ...plan, end: end ?? plan.end };
    };
    const threads = planThreads({ ...source, planOf, count: 1 });
    const order: string[] = [];
    const computing = threads.run(images(64, 1)).then(() => order.push('computed'));
    end = 2 ** 31;
    const waits = ['first', 'second'].map(async (name) => {
      const way = threads.planHere(images(1, 1));
      expect(way).toBeInstanceOf(Promise);
      await way;
      order.push(name);
    });
    await Promise.all([computing, ...waits, threads.end()]);
    expect(order).toEqual(['computed', 'first', 'second']);
    end = undefined;
    await expect(threads.run(images(1, 1))).rejects.toMatchObject({ name: 'ThreadBroke' });
  });

  test('are ended before a constant is made where they compute', async () => {
    const { kernels, graph, constants, manifest } = await bundledModel('digits');
    const source = planSource(kernels, graph, manifest.signature, constants);
    const name = graph.nodes.find(({ op }) => op === 'Const')?.name ?? '';
    const most = 80 * 2 ** 20;
    const made: string[] = [];
    // Stands for weights of which only some shapes of inputs need something made.
    const planOf: PlanSource['planOf'] = (inputs) => {
      if (inputs.get('image')?.shape[0] === 5)
        constants.packed('large', most / 4, [name], () => void made.push('large'));
      return source.planOf(inputs);
    };
    const threads = planThreads({ ...source, planOf, count: 1 });
    const replay = createReplay(kernels);
    const expected = replay.run(source.planOf(images(64, 1)), images(64, 1));
    const computing = threads.run(images(64, 1)).then((found) => {
      made.push('computed');
      return found;
    });
    await Promise.resolve();
    const way = threads.planHere(images(5, 1));
    expect(way).toBeInstanceOf(Promise);
    expect(made).toEqual([]);
    expect(await computing).toEqual(expected);
    await way;
    expect(threads.planHere(images(5, 1))).toMatchObject({ outputs: [{ shape: [5, 10] }] });
    expect(made).toEqual(['computed', 'large']);
    expect(await threads.run(images(64, 1))).toEqual(expected);
    await threads.end();
  });
});
