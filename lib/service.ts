import { setImmediate } from 'node:timers/promises';
import { blameUnevenInputs, checkInputs, exampleSpecs, runExamples } from './core/batching.js';
import type { Engine } from './core/engine.js';
import { invalidInput, ModeletError } from './core/errors.js';
import type { Instance } from './core/instance.js';
import type { Log } from './core/log.js';
import type { Manifest } from './core/manifest.js';
import { tensorFromNested } from './core/nested-numbers.js';
import type { BoundTask, Task } from './core/task.js';
import type { TensorSpec, Tensors } from './core/tensor.js';
import type { Timings } from './core/timings.js';
import type { VersionRef } from './core/version-ref.js';
import { createModelCache } from './model-cache.js';
import type { Alias } from './registry/alias.js';
import type { Registry } from './registry/registry.js';
import { createVersionLookup } from './version-lookup.js';

/** The one use case, shared by HTTP and batch: resolve → load → preprocess → predict → postprocess. */
export interface Service {
  readonly model: string;
  readonly registry: Registry;
  /**
   * The manifest of the version that answers a request; nothing is loaded for it.
   * @param canaryKey keeps requests on one side of a canary
   * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, MODEL_CORRUPT, MODEL_UNAVAILABLE
   */
  describe(ref: VersionRef, canaryKey?: string): Promise<Manifest>;
  /** What this process knows of aliases, and has loaded. */
  state(): ServiceState;
  /** Media types that the version's task takes as files. */
  mediaTypes(manifest: Manifest): readonly string[];
  /** Loads the version if needed; returns once it has passed its golden check. */
  ready(manifest: Manifest, timings: Timings): Promise<void>;
  /**
   * One forward pass on tensors as the network takes them, batch axis included.
   * @param field where they stand in the request, for messages
   */
  infer(manifest: Manifest, inputs: Tensors, timings: Timings, field?: string): Promise<Tensors>;
  /**
   * One instance as the network takes it: preprocessed by the version's task, checked, without the batch axis.
   * @param field where it stands in the request, for messages
   * @throws INVALID_INPUT
   */
  prepare(manifest: Manifest, instance: Instance, timings: Timings, field: string): Promise<Tensors>;
  /**
   * Predicts examples that are prepared, beside this thread where there is a processor for it: for work of many passes.
   * @param most of them in one forward pass
   * @returns each example's raw outputs, without the batch axis
   */
  predictPrepared(
    manifest: Manifest,
    examples: readonly Tensors[],
    timings: Timings,
    most?: number,
  ): Promise<Tensors[]>;
  /**
   * Predicts instances through the version's task: `prepare` each, then predict them here.
   * @param field where an instance stands in the request, for messages
   * @returns each instance's raw outputs, without the batch axis
   */
  predict(
    manifest: Manifest,
    instances: readonly Instance[],
    timings: Timings,
    field: (index: number) => string,
  ): Promise<Tensors[]>;
  /** One instance's raw outputs → the fields of the task's answer, which may speak of the instance too. */
  answer(
    manifest: Manifest,
    outputs: Tensors,
    timings: Timings,
    instance?: Instance,
  ): Readonly<Record<string, unknown>>;
}

export interface ServiceState {
  readonly aliases: ReadonlyMap<string, Alias>;
  readonly loaded: readonly string[];
}

export interface ServiceParts {
  readonly model: string;
  readonly registry: Registry;
  readonly engine: Engine;
  readonly tasks: readonly Task[];
  readonly log: Log;
  /** Bytes of weights that are kept in memory at most. */
  readonly budget: number;
  /** An alias is looked at again at a request this long after the last look. */
  readonly lookEveryMs: number;
}

/** An engine whose loads tell what whoever runs them should know. */
function tellingEngine(engine: Engine, log: Log): Engine {
  return {
    ...engine,
    load: async (manifest, ...rest) => {
      const model = await engine.load(manifest, ...rest);
      const { model: name, version } = manifest;
      if (model.warning !== undefined) log.event('PlanIgnored', { model: name, version, reason: model.warning });
      return model;
    },
  };
}

export function createService({ model, registry, engine, tasks, log, budget, lookEveryMs }: ServiceParts): Service {
  const cache = createModelCache(registry, tellingEngine(engine, log), budget);
  const lookup = createVersionLookup(registry, model, cache, log, lookEveryMs);
  const bound = new WeakMap<Manifest, BoundTask>();

  const taskOf = (manifest: Manifest): Task => {
    const task = tasks.find(({ name }) => name === manifest.task.name);
    if (task !== undefined) return task;
    const known = tasks.map(({ name }) => name).join(', ');
    throw new ModeletError(
      'MODEL_CORRUPT',
      `${model}@${manifest.version} is for task ${manifest.task.name}, but this function knows only ${known}`,
    );
  };
  const bind = (manifest: Manifest): BoundTask => {
    const known = bound.get(manifest);
    if (known !== undefined) return known;
    const task = taskOf(manifest).bind(manifest.task.options, manifest.signature);
    bound.set(manifest, task);
    return task;
  };

  const loadTime = (timings: Timings) => (loading: Promise<unknown>) =>
    timings.timeAsync('load', () => loading.catch(() => undefined));
  const run = <T>(
    manifest: Manifest,
    timings: Timings,
    use: (predict: (inputs: Tensors) => Promise<Tensors>) => Promise<T>,
    beside = false,
  ) =>
    cache.with(
      manifest,
      (loaded) => {
        const predict = (beside ? loaded.predictBeside : undefined) ?? loaded.predict;
        return use(async (inputs) => {
          await timings.turn();
          return timings.timeAsync('infer', () => predict(inputs));
        });
      },
      loadTime(timings),
    );

  const prepare: Service['prepare'] = (manifest, instance, timings, field) =>
    timings.timeAsync('pre', async () => {
      const specs = exampleSpecs(manifest.signature);
      const tensors =
        instance.kind === 'numbers'
          ? fromNumbers(specs, instance.value, field)
          : await bind(manifest).preprocess(instance, field);
      checkInputs(specs, tensors, field);
      return tensors;
    });

  const predictExamples = (
    beside: boolean,
    manifest: Manifest,
    examples: readonly Tensors[],
    timings: Timings,
    most?: number,
  ) => run(manifest, timings, (predict) => runExamples(manifest.signature, examples, predict, most), beside);

  return {
    model,
    registry,
    describe: lookup.find,
    state: () => ({ aliases: lookup.aliases(), loaded: cache.ready() }),
    mediaTypes: (manifest) => taskOf(manifest).mediaTypes,
    ready: (manifest, timings) => cache.warm(manifest, loadTime(timings)),
    infer: async (manifest, inputs, timings, field = 'inputs') => {
      checkInputs(manifest.signature.inputs, inputs, field);
      try {
        return await run(manifest, timings, (predict) => predict(inputs));
      } catch (error) {
        throw blameUnevenInputs(error, manifest.signature, inputs, field);
      }
    },
    prepare,
    predictPrepared: (...of) => predictExamples(true, ...of),
    predict: async (manifest, instances, timings, field) => {
      // A load waits for the store most of the time; meanwhile instances are prepared.
      const loading = cache.isReady(manifest.version) ? undefined : run(manifest, timings, async () => undefined);
      loading?.catch(() => undefined); // awaited below; an instance may be refused before
      if (loading !== undefined) await setImmediate();
      const examples: Tensors[] = [];
      for (const [index, instance] of instances.entries()) {
        // An image of a few kB may take seconds.
        await timings.turn();
        examples.push(await prepare(manifest, instance, timings, field(index)));
      }
      await loading;
      return predictExamples(false, manifest, examples, timings);
    },
    answer: (manifest, outputs, timings, instance) =>
      timings.time('post', () => bind(manifest).postprocess(outputs, instance)),
  };
}

function fromNumbers(specs: readonly TensorSpec[], value: unknown, field: string): Tensors {
  const [only, ...others] = specs;
  if (only === undefined || others.length > 0) {
    throw invalidInput(
      field,
      `this model has inputs ${specs.map(({ name }) => name).join(', ')}: send an object with each`,
    );
  }
  return new Map([[only.name, tensorFromNested(only.datatype, value, field)]]);
}
