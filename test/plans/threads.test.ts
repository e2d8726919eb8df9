import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { makeTensor, type Tensor, type Tensors } from '../../lib/core/tensor.js';
import type { Plan } from '../../lib/plans/plan.js';
import { planFor } from '../../lib/plans/planner.js';
import { plansByShape } from '../../lib/plans/plans-by-shape.js';
import { createReplay } from '../../lib/plans/replay.js';
import { startThreads, ThreadBroke, type Threads } from '../../lib/plans/threads.js';
import { numbers } from '../kernels/kernel-room.js';
import { type BundledModel, bundledModel, shapesOf } from './bundled-model.js';

const MiB = 2 ** 20;

const images = (count: number, seed: number): Tensors =>
  new Map([['image', makeTensor('FP32', [count, 28, 28, 1], numbers(count * 784, seed))]]);

describe('threads on one heap', () => {
  let model: BundledModel;
  let threads: Threads | undefined;

  const start = (count: number, span: number): Threads =>
    startThreads({
      kernels: model.kernels,
      plansAt: (end) => plansByShape(model.graph, model.manifest.signature, { ...model.constants, end: () => end }),
      count,
      start: 64 * MiB,
      span,
    });
  const here = (inputs: Tensors): Tensor[] => {
    const plan = planFor(model.graph, model.constants, shapesOf(inputs));
    return createReplay(model.kernels).run(plan, inputs);
  };
  const there = (inputs: Tensors): Promise<Tensor[]> => {
    if (threads === undefined) throw new RangeError('start them first');
    return threads.run(inputs);
  };

  beforeAll(async () => {
    model = await bundledModel('digits');
    here(images(1, 1));
  });
  afterEach(() => threads?.close());

  test('answer as the owner does, all at once, whatever order sizes come in', async () => {
    threads = start(2, 32 * MiB);
    const batches = Array.from({ length: 60 }, (_, seed) => images(1 + (seed % 5), seed));
    const expected = batches.map(here);
    const results = batches.map(there);
    // The owner goes on meanwhile.
    for (const [index, batch] of batches.entries()) expect(here(batch)).toEqual(expected[index]);
    expect(await Promise.all(results)).toEqual(expected);
  });

  test('keep no more plans than they have room for, and make forgotten ones anew', async () => {
    threads = start(1, 64 * MiB);
    for (const count of [...Array.from({ length: 40 }, (_, index) => index + 1), 1, 2, 1]) {
      expect(await there(images(count, count))).toEqual(here(images(count, count)));
    }
  });

  test('refuse what does not fit into their part, and go on', async () => {
    threads = start(1, MiB);
    await expect(there(images(64, 1))).rejects.toMatchObject({ name: 'HeapFull' });
    expect(await there(images(1, 1))).toEqual(here(images(1, 1)));
  });

  test('finish what they have before they close', async () => {
    threads = start(2, 32 * MiB);
    const results = Promise.all([images(8, 1), images(8, 2), images(8, 3)].map(there));
    await threads.close();
    expect(await results).toEqual([images(8, 1), images(8, 2), images(8, 3)].map(here));
  });

  test('say that they trapped, to whoever asks from then on, and let the process go on', async () => {
    const trapping = (plan: Plan): Plan => ({ ...plan, calls: [{ kernel: 'fill', args: [0xfff0_0000, 1000, 0] }] });
    const { graph, manifest, kernels, constants } = model;
    const planOf = plansByShape(graph, manifest.signature, { ...constants, end: () => 65 * MiB });
    const plansAt = () => (inputs: Tensors) => trapping(planOf(inputs));
    threads = startThreads({ kernels, plansAt, count: 1, start: 64 * MiB, span: 32 * MiB });
    await expect(there(images(1, 1))).rejects.toThrow(ThreadBroke);
    await expect(there(images(1, 1))).rejects.toThrow(ThreadBroke);
  });

  test('cut a batch as their owner does', () => {
    const planOf = plansByShape(model.graph, model.manifest.signature, model.constants);
    const far = plansByShape(model.graph, model.manifest.signature, { ...model.constants, end: () => 512 * MiB });
    for (const count of [1, 8, 64, 512]) {
      expect(far(images(count, 1)).calls.length).toBe(planOf(images(count, 1)).calls.length);
    }
  });
});
