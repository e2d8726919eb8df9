import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { createLambdaHandler, type DoorsHandler, type LambdaHandler } from './aws/lambda-handler.js';
import { createTelemetry, type Telemetry } from './aws/telemetry.js';
import type { Engine } from './core/engine.js';
import { ModeletError } from './core/errors.js';
import { once } from './core/once.js';
import type { Task } from './core/task.js';
import { startTimings } from './core/timings.js';
import { version } from './core/version.js';
import { createApp } from './protocol/app.js';
import { catalogRoutes } from './protocol/catalog.js';
import { jobRoutes } from './protocol/jobs.js';
import { taskRoutes } from './protocol/task-route.js';
import { tfServingRoutes } from './protocol/tf-serving.js';
import { v2Routes } from './protocol/v2.js';
import { createRegistry, type Registry } from './registry/registry.js';
import { openStore } from './registry/stores/open-store.js';
import { openEngine } from './runtime/open-engine.js';
import { createService, type Service } from './service.js';
import { createStartup, type Startup, timedEngine } from './startup.js';

/**
 * The Lambda handler of one model: HTTP events in, answers out; and events of its queue (serve-queue.ts) and of distributed
 * batches (serve-distributed.ts). Nothing is read, loaded or started before the first of them, unless MODELET_PRELOAD is `init`:
 * then the production version is loaded while the function starts. That is the default with provisioned concurrency, and
 * `request` without.
 * It also reads MODELET_REGISTRY (a folder or `s3://bucket/prefix`; default `./models`), MODELET_BACKEND (`wasm`, the default,
 * or `tensorflow`), MODELET_PLANS (`on`, the default, or `off`: wasm by TF.js alone), MODELET_ALIAS_SECONDS (how often an alias
 * is looked at; default 30) and the memory size that Lambda tells.
 * @param model its name in the registry
 * @param options.tasks the tasks that its versions may name; only these are in the function's bundle
 */
export function serveModel(model: string, { tasks }: { readonly tasks: readonly Task[] }): ModelHandler {
  const startup = createStartup();
  const { bootstrapComplete } = performance.nodeTiming;
  startup.add('boot', bootstrapComplete);
  startup.add('code', performance.now() - bootstrapComplete);
  const opened = once(() => openService(model, tasks, startup));
  const app = once(async () => {
    const { service, telemetry } = await opened();
    const jobs = jobRoutes(service, async () => (await import('./serve-jobs.js')).openJobs(model));
    const routes = [...taskRoutes(service), ...v2Routes(service), ...tfServingRoutes(service), ...jobs];
    return createApp(routes, telemetry.report, startup.take);
  });
  const queue = once(async () => {
    const { service, telemetry } = await opened();
    // Read only by the first event of a queue: no request waits for the code of batches.
    const { openQueueHandler } = await import('./serve-queue.js');
    return openQueueHandler(service, telemetry.log);
  });
  const chunks = once(async () => {
    const { service, telemetry } = await opened();
    return (await import('./serve-distributed.js')).openChunkHandler(service, telemetry.log);
  });
  const handler = createLambdaHandler(async (request, call) => (await app())(request, call), {
    queue: async (event, remainingMs) => (await queue())(event, remainingMs),
    chunks: async (event, remainingMs) => (await chunks())(event, remainingMs),
  });
  return Object.assign(handler, { open: opened, ...(preloadTime() === 'init' ? { ready: preload(opened) } : {}) });
}

/**
 * A model's handler. The local inbox and `modelet batch` work with the service behind it, so that a model is in memory once.
 * @param ready only with MODELET_PRELOAD=init; Lambda's init phase lasts until it is settled, and it never fails
 */
export type ModelHandler = DoorsHandler & { open(): Promise<Opened>; readonly ready?: Promise<void> };

export interface Opened {
  readonly service: Service;
  readonly telemetry: Telemetry;
}

/** A model's service as the environment configures it; `serveModel` makes one at the first event. */
export async function openService(model: string, tasks: readonly Task[], startup = createStartup()): Promise<Opened> {
  const telemetry = createTelemetry(model);
  checkPreloadTime();
  const [registry, opened] = await Promise.all([openRegistry(), openConfigured()]);
  const engine = timedEngine(opened, startup);
  // Once the first question to the registry is on its way; what fails here fails again where a load tells of it.
  setImmediate(() => engine.start().catch(() => undefined));
  const service = createService({
    model,
    registry,
    engine,
    tasks,
    log: telemetry.log,
    budget: weightBudget(engine, process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
    lookEveryMs: lookInterval(process.env.MODELET_ALIAS_SECONDS),
  });
  return { service: timedService(service, startup), telemetry };
}

/** @throws MODEL_UNAVAILABLE, as nothing else can be said of a function that is configured wrongly */
async function openConfigured(): Promise<Engine> {
  const { MODELET_BACKEND: backend = 'wasm', MODELET_PLANS: plans = 'on' } = process.env;
  const processors = processorsOf(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
  if (plans === 'on' || plans === 'off') return openEngine(backend, { plans: plans === 'on', processors });
  throw new ModeletError('MODEL_UNAVAILABLE', `MODELET_PLANS is '${plans}'; set it to on or off`);
}

/** Lambda shows two processors to every function, and gives one of them for each 1,769 MB. */
function processorsOf(megabytes: string | undefined): number {
  return megabytes === undefined ? availableParallelism() : Math.max(1, Math.floor(Number(megabytes) / 1769));
}

function timedService(service: Service, { time }: Startup): Service {
  return { ...service, describe: (...of) => time('manifest', () => service.describe(...of)) };
}

/** Lambda ends an init phase after 10 s, and begins again with the first request. */
const longestPreloadMs = 8000;

/** Loads the version that production names. What does not succeed is told, and the first request does it again. */
async function preload(opened: () => Promise<Opened>): Promise<void> {
  const load = async (): Promise<void> => {
    const { service, telemetry } = await opened();
    try {
      await service.ready(await service.describe({ alias: 'production' }), startTimings());
    } catch (error) {
      const reason = error instanceof ModeletError ? error.message : 'unexpected';
      telemetry.log.warn('nothing was preloaded, the first request loads', { model: service.model, reason });
    }
  };
  const over = new AbortController();
  const longest = setTimeout(longestPreloadMs, undefined, { signal: over.signal });
  await Promise.race([load().finally(() => over.abort()), longest]).catch(() => undefined);
}

/** With provisioned concurrency nobody waits for an init. */
function preloadTime(): string {
  const isProvisioned = process.env.AWS_LAMBDA_INITIALIZATION_TYPE === 'provisioned-concurrency';
  return process.env.MODELET_PRELOAD ?? (isProvisioned ? 'init' : 'request');
}

/** @throws MODEL_UNAVAILABLE: to a request, as an init that fails is only begun again */
function checkPreloadTime(): void {
  const time = preloadTime();
  if (time === 'init' || time === 'request') return;
  throw new ModeletError('MODEL_UNAVAILABLE', `MODELET_PRELOAD is '${time}'; set it to init or request`);
}

/**
 * The Lambda handler of what belongs to the whole API: list, health, and our own 404. It never loads a model.
 * It reads MODELET_REGISTRY, and MODELET_MODELS: the comma-separated names of the models deployed (default: the registry's).
 */
export function serveCatalog(): LambdaHandler {
  const app = once(async () => {
    const models = process.env.MODELET_MODELS?.split(',').filter((name) => name !== '');
    const routes = catalogRoutes({ registry: await openRegistry(), version, models });
    return createApp(routes, createTelemetry('catalog').report);
  });
  return createLambdaHandler(async (request, call) => (await app())(request, call));
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
