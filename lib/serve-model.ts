import { createLambdaHandler, type LambdaHandler, type TwoDoorHandler } from './aws/lambda-handler.js';
import { createTelemetry, type Telemetry } from './aws/telemetry.js';
import type { Engine } from './core/engine.js';
import { ModeletError } from './core/errors.js';
import type { Task } from './core/task.js';
import { version } from './core/version.js';
import { type App, createApp } from './protocol/app.js';
import { catalogRoutes } from './protocol/catalog.js';
import type { Route } from './protocol/route.js';
import { taskRoutes } from './protocol/task-route.js';
import { tfServingRoutes } from './protocol/tf-serving.js';
import { v2Routes } from './protocol/v2.js';
import { createRegistry, type Registry } from './registry/registry.js';
import { openStore } from './registry/stores/open-store.js';
import { openEngine } from './runtime/open-engine.js';
import { createService, type Service } from './service.js';

/**
 * The Lambda handler of one model: HTTP events in, answers out; and events of its queue (serve-queue.ts). Nothing is read,
 * loaded or started before the first of them.
 * It reads MODELET_REGISTRY (a folder or `s3://bucket/prefix`; default `./models`), MODELET_BACKEND (`wasm`, the default,
 * or `tensorflow`), MODELET_ALIAS_SECONDS (how often an alias is looked at; default 30) and the memory size that Lambda tells.
 * @param model its name in the registry
 * @param options.tasks the tasks that its versions may name; only these are in the function's bundle
 */
export function serveModel(model: string, { tasks }: { readonly tasks: readonly Task[] }): ModelHandler {
  const handler = createLambdaHandler(
    lazily(async () => {
      const { service, telemetry } = await openService(model, tasks);
      return start([...taskRoutes(service), ...v2Routes(service), ...tfServingRoutes(service)], telemetry);
    }),
    lazily(async () => {
      const { service, telemetry } = await openService(model, tasks);
      // Read only by the first event of a queue: no request waits for the code of batches.
      const { openQueueHandler } = await import('./serve-queue.js');
      return openQueueHandler(service, telemetry.log);
    }),
  );
  return Object.assign(handler, { tasks });
}

/** A model's handler, which says what it serves with: the local inbox and `modelet batch` use the same tasks. */
export type ModelHandler = TwoDoorHandler & { readonly tasks: readonly Task[] };

/** A model's service as the environment configures it; `serveModel` makes one at the first event. */
export async function openService(
  model: string,
  tasks: readonly Task[],
): Promise<{ readonly service: Service; readonly telemetry: Telemetry }> {
  const telemetry = createTelemetry(model);
  const [registry, engine] = await Promise.all([openRegistry(), openEngine(process.env.MODELET_BACKEND ?? 'wasm')]);
  const service = createService({
    model,
    registry,
    engine,
    tasks,
    log: telemetry.log,
    budget: weightBudget(engine, process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
    lookEveryMs: lookInterval(process.env.MODELET_ALIAS_SECONDS),
  });
  return { service, telemetry };
}

/**
 * The Lambda handler of what belongs to the whole API: list, health, and our own 404. It never loads a model.
 * It reads MODELET_REGISTRY, and MODELET_MODELS: the comma-separated names of the models deployed (default: the registry's).
 */
export function serveCatalog(): LambdaHandler {
  return createLambdaHandler(
    lazily(async () => {
      const models = process.env.MODELET_MODELS?.split(',').filter((name) => name !== '');
      return start(catalogRoutes({ registry: await openRegistry(), version, models }), createTelemetry('catalog'));
    }),
  );
}

const MiB = 2 ** 20;

/** Node.js, code and activations, beside the weights. */
const baseline = 160 * MiB;

/**
 * Bytes of weights that a function keeps, all versions together.
 * @param megabytes of the function's memory, as Lambda tells it; without it what the engine can hold
 */
function weightBudget({ mostWeights, memoryPerWeight }: Engine, megabytes: string | undefined): number {
  if (megabytes === undefined) return mostWeights;
  return Math.min(mostWeights, Math.max(0, Number(megabytes) * MiB - baseline) / memoryPerWeight);
}

/** @throws MODEL_UNAVAILABLE, as nothing else can be said of a function that is configured wrongly */
function lookInterval(seconds = '30'): number {
  const ms = Number(seconds) * 1000;
  if (seconds.trim() !== '' && ms >= 0) return ms;
  throw new ModeletError('MODEL_UNAVAILABLE', `MODELET_ALIAS_SECONDS is '${seconds}'; set it to a number of seconds`);
}

async function openRegistry(): Promise<Registry> {
  return createRegistry(await openStore(process.env.MODELET_REGISTRY ?? './models'));
}

function start(routes: readonly Route[], telemetry: Telemetry): App {
  return createApp(routes, telemetry.report);
}

/** Made at the first call, once; a failure is not kept. */
function lazily<Arguments extends unknown[], Result>(
  make: () => Promise<(...args: Arguments) => Promise<Result>>,
): (...args: Arguments) => Promise<Result> {
  let making: Promise<(...args: Arguments) => Promise<Result>> | undefined;
  return async (...args) => {
    making ??= make();
    try {
      return await (await making)(...args);
    } catch (error) {
      making = undefined;
      throw error;
    }
  };
}
