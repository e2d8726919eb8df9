import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LambdaHandler } from '../aws/lambda-handler.js';
import type { Task } from '../core/task.js';
import type { Registry } from '../registry/registry.js';
import { serveCatalog, serveModel } from '../serve-model.js';

/** The functions of a folder, and models of a registry that have none. */
export interface LocalModels {
  /** Which handler answers a path, as the deployed routes decide it: the model's own function, else the catalog. */
  handlerFor(path: string): Promise<LambdaHandler>;
  /** What a model's function lists; the built-in ones where it has no function. */
  tasksOf(model: string): readonly Task[];
}

/** What a file in functions/ exports; the catalog's has no tasks. */
type Handler = LambdaHandler & { readonly tasks?: readonly Task[] };

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

  return {
    handlerFor: async (path) => {
      const model = modelPath.exec(path)?.[1];
      if (model === undefined) return catalog;
      const known = handlers.get(model);
      if (known !== undefined) return known;
      if (!(await registry.models()).includes(model)) return catalog;
      const handler = serveModel(model, { tasks: builtIn });
      handlers.set(model, handler);
      return handler;
    },
    tasksOf: (model) => handlers.get(model)?.tasks ?? builtIn,
  };
}
