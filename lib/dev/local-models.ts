import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LambdaHandler } from '../aws/lambda-handler.js';
import type { Task } from '../core/task.js';
import type { Registry } from '../registry/registry.js';
import { type ModelHandler, type Opened, serveCatalog, serveModel } from '../serve-model.js';

/** The functions of a folder, and models of a registry that have none. */
export interface LocalModels {
  /** Which handler answers a path, as the deployed routes decide it: the model's own function, else the catalog. */
  handlerFor(path: string): Promise<LambdaHandler>;
  /** The service that answers for a model, behind its handler too; of any name, as an inbox may have any folder. */
  openService(model: string): Promise<Opened>;
}

/** What a file in functions/ exports; that of the catalog has no service. */
type Handler = LambdaHandler & Partial<Pick<ModelHandler, 'open'>>;

/** Models as API Gateway's routes name them: `/models/M`, `/v1/models/M:predict`, `/v2/models/M/infer`. */
const modelPath = /^\/(?:v[12]\/)?models\/([^/:]+)/;

/**
 * @param functionsFolder where the compiled functions are (one file a model); a model of the registry without one is served
 *   with `builtIn`
 */
export async function localModels(
  functionsFolder: string,
  registry: Registry,
  builtIn: readonly Task[],
): Promise<LocalModels> {
  const handlers = new Map<string, Handler>();
  const files = existsSync(functionsFolder) ? readdirSync(functionsFolder) : [];
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const { handler } = (await import(pathToFileURL(join(functionsFolder, file)).href)) as { handler: Handler };
    handlers.set(file.slice(0, -'.js'.length), handler);
  }
  const catalog: LambdaHandler = handlers.get('catalog') ?? serveCatalog();
  handlers.delete('catalog');

  const withoutFunction = new Map<string, ModelHandler>();
  const handlerOf = (model: string): ModelHandler => {
    const handler = withoutFunction.get(model) ?? serveModel(model, { tasks: builtIn });
    withoutFunction.set(model, handler);
    return handler;
  };

  return {
    handlerFor: async (path) => {
      const model = modelPath.exec(path)?.[1];
      if (model === undefined) return catalog;
      const known = handlers.get(model);
      if (known !== undefined) return known;
      if (!(await registry.models()).includes(model)) return catalog;
      return handlerOf(model);
    },
    openService: (model) => {
      const { open } = handlers.get(model) ?? handlerOf(model);
      if (open === undefined) throw new Error(`functions/${model} does not export what serveModel returns`);
      return open();
    },
  };
}
