import { createLambdaHandler, type LambdaHandler } from './aws/lambda-handler.js';
import { createTelemetry, type Telemetry } from './aws/telemetry.js';
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
import { createService } from './service.js';

/**
 * The Lambda handler of one model: HTTP events in, answers out. Nothing is read, loaded or started before the first request.
 * It reads MODELET_REGISTRY (a folder or `s3://bucket/prefix`; default `./models`) and MODELET_BACKEND (`wasm`, the default,
 * or `tensorflow`).
 * @param model its name in the registry
 * @param options.tasks the tasks that its versions may name; only these are in the function's bundle
 */
export function serveModel(model: string, { tasks }: { readonly tasks: readonly Task[] }): LambdaHandler {
  return createLambdaHandler(
    lazily(async () => {
      const telemetry = createTelemetry(model);
      const [registry, engine] = await Promise.all([openRegistry(), openEngine(process.env.MODELET_BACKEND ?? 'wasm')]);
      const service = createService({ model, registry, engine, tasks, log: telemetry.log });
      return start([...taskRoutes(service), ...v2Routes(service), ...tfServingRoutes(service)], telemetry);
    }),
  );
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

async function openRegistry(): Promise<Registry> {
  return createRegistry(await openStore(process.env.MODELET_REGISTRY ?? './models'));
}

function start(routes: readonly Route[], telemetry: Telemetry): App {
  return createApp(routes, telemetry.report);
}

/** Made at the first request, once; a failure is not kept. */
function lazily(make: () => Promise<App>): App {
  let making: Promise<App> | undefined;
  return async (request, call) => {
    making ??= make();
    try {
      return await (await making)(request, call);
    } catch (error) {
      making = undefined;
      throw error;
    }
  };
}
