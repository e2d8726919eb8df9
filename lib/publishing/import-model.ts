import type { Engine } from '../core/engine.js';
import { readSource } from '../importers/sources/read-source.js';
import { importGraph } from './import-graph.js';
import { importKeras } from './import-keras.js';
import { importSavedModel } from './import-saved-model.js';
import type { ImportedModel } from './imported-model.js';

/**
 * Reads a model file or folder of any kind and brings it to the form that is served.
 * @throws INVALID_INPUT naming what can't be read or expressed, and what to do
 */
export async function importModel(
  path: string,
  openEngine: (backend: string) => Promise<Engine>,
): Promise<ImportedModel> {
  const source = await readSource(path);
  if (source.kind === 'keras') return importKeras(source.model, source.format);
  return source.kind === 'tfjs-graph' ? importGraph(source, openEngine) : importSavedModel(source, openEngine);
}
