import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LambdaHandler } from '../aws/lambda-handler.js';
import type { Task } from '../core/task.js';
import type { Registry } from '../registry/registry.js';
import { serveCatalog, serveModel } from '../serve-model.js';

/** Models as API Gateway's routes name them: `/models/M`, `/v1/models/M:predict`, `/v2/models/M/infer`. */
const modelPath = /^\/(?:v[12]\/)?models\/([^/:]+)/;

/**
 * Which handler answers a path, as the deployed routes decide it: the model's own function, else the catalog.
 * @param functionsFolder where the compiled functions are (one file a model); a model of the registry without one is served
 *   with `tasks`
 */
export async function localHandlers(
  functionsFolder: string,
  registry: Registry,
  tasks: readonly Task[],
): Promise<(path: string) => Promise<LambdaHandler>> {
  const handlers = new Map<string, LambdaHandler>();
  const files = existsSync(functionsFolder) ? readdirSync(functionsFolder) : [];
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const { handler } = (await import(pathToFileURL(join(functionsFolder, file)).href)) as { handler: LambdaHandler };
    handlers.set(file.slice(0, -'.js'.length), handler);
  }
  const catalog = handlers.get('catalog') ?? serveCatalog();
  handlers.delete('catalog');

  return async (path) => {
    const model = modelPath.exec(path)?.[1];
    if (model === undefined) return catalog;
    const known = handlers.get(model);
    if (known !== undefined) return known;
    if (!(await registry.models()).includes(model)) return catalog;
    const handler = serveModel(model, { tasks });
    handlers.set(model, handler);
    return handler;
  };
}
