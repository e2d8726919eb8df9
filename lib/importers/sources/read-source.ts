import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ModeletError } from '../../core/errors.js';
import { badSource } from './bad-source.js';
import { isObject, type Json, parseJson } from './json.js';
import { maxFileBytes, maxJsonBytes } from './limits.js';
import { openHdf5 } from './open-hdf5.js';
import { readKerasArchive } from './read-keras-archive.js';
import { readKerasH5 } from './read-keras-h5.js';
import { isManifestOnly, readTfjsGraph, readTfjsLayers, tfjsKind } from './read-tfjs.js';
import { readSavedModel } from './saved-model.js';
import { sniff } from './sniff.js';
import type { Source } from './source.js';
import { openZip } from './zip-archive.js';

const kinds = 'a Keras file (.keras, .h5), a TF.js model.json, or the folder of one of them or of a SavedModel';

/**
 * Reads a model of any kind: what it is, its content says, not its name.
 * @param path a file or a folder
 * @throws INVALID_INPUT (in two parts, `why; what to do`) for everything that can't be read as a model
 */
export async function readSource(path: string): Promise<Source> {
  try {
    const about = await stat(path);
    if (about.isDirectory()) return await readFolder(path);
    if (!about.isFile()) throw badSource(`'${path}' is no file`, `give the path of ${kinds}`);
    return await readModelFile(path, about.size);
  } catch (error) {
    if (error instanceof ModeletError) throw error;
    const { code } = error as { code?: unknown };
    if (code === 'ENOENT') throw badSource(`'${path}' is not there`, `give the path of ${kinds}`, error);
    const detail = error instanceof Error ? error.message : String(error);
    throw badSource(`'${path}' can't be read as a model (${detail})`, 'check that the file is whole', error);
  }
}

async function readModelFile(path: string, size: number): Promise<Source> {
  if (size === 0) throw badSource(`'${basename(path)}' is empty`, 'copy the file again');
  if (basename(path) === 'saved_model.pb') return readFolder(dirname(path));
  const type = await withFile(path, sniff);
  if (type === 'zip') return readZip(path);
  if (type === 'hdf5') return readHdf5(path, size);
  if (type === 'json') return readJson(path, size);
  throw badSource(`'${basename(path)}' is no kind of model known here`, `give the path of ${kinds}`);
}

async function readZip(path: string): Promise<Source> {
  const archive = await openZip(path);
  try {
    return { kind: 'keras', format: 'keras-zip', model: await readKerasArchive(archive) };
  } finally {
    archive.close();
  }
}

async function readHdf5(path: string, size: number): Promise<Source> {
  if (size > maxFileBytes) throw badSource(`the file has ${size} bytes`, 'models up to 2 GiB can be imported');
  const file = await openHdf5(await readFile(path));
  try {
    return { kind: 'keras', format: 'keras-h5', model: await readKerasH5(file) };
  } finally {
    await file.close();
  }
}

async function readJson(path: string, size: number): Promise<Source> {
  if (size > maxJsonBytes)
    throw badSource(`the JSON has ${size} bytes`, `a model.json stays below ${maxJsonBytes} bytes`);
  const model = parseJson(await readFile(path), basename(path));
  if (isManifestOnly(model)) {
    throw badSource(
      'the file is a list of weights without a model',
      'publish the model.json that holds its modelTopology',
    );
  }
  if (!isObject(model)) throw badSource('the JSON is no model', `give the path of ${kinds}`);
  return readTfjs(path, model);
}

async function readTfjs(path: string, model: Json): Promise<Source> {
  if (tfjsKind(model) === 'graph') return { kind: 'tfjs-graph', ...(await readTfjsGraph(path, model)) };
  return { kind: 'keras', format: 'tfjs-layers', model: await readTfjsLayers(path, model) };
}

async function readFolder(folder: string): Promise<Source> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  if (names.includes('saved_model.pb')) return { kind: 'saved-model', folder, files: await readSavedModel(folder) };
  if (names.includes('saved_model.pbtxt')) {
    throw badSource('the SavedModel is in text form (saved_model.pbtxt)', 'export it again as saved_model.pb');
  }
  if (names.includes('model.json')) return readSource(join(folder, 'model.json'));
  if (names.includes('config.json') && names.includes('model.weights.h5')) {
    const archive = { names, read: (name: string) => readFile(join(folder, name)) };
    return { kind: 'keras', format: 'keras-zip', model: await readKerasArchive(archive) };
  }
  return readOnlyModel(
    folder,
    names,
    entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
  );
}

/** A folder with one file that is a model, under whatever name. */
async function readOnlyModel(folder: string, names: readonly string[], folders: readonly string[]): Promise<Source> {
  const found: string[] = [];
  for (const name of names.filter((candidate) => !candidate.startsWith('.'))) {
    const path = join(folder, name);
    const type = (await stat(path)).isFile() ? await withFile(path, sniff) : undefined;
    if (type === 'zip' || type === 'hdf5' || (type === 'json' && (await looksLikeModel(path)))) found.push(name);
  }
  const [only] = found;
  if (found.length === 1 && only !== undefined) {
    const path = join(folder, only);
    return readModelFile(path, (await stat(path)).size);
  }
  if (found.length > 1)
    throw badSource(`the folder holds several models: ${found.join(', ')}`, 'give the path of one of them');
  const versions = await savedModelsIn(folder, folders);
  if (versions.length > 0) {
    throw badSource(
      `the folder holds versions of a SavedModel: ${versions.join(', ')}`,
      `publish one of them: ${join(folder, versions.at(-1) ?? '')}`,
    );
  }
  throw badSource(`the folder '${basename(folder)}' holds no model`, `give the path of ${kinds}`);
}

async function looksLikeModel(path: string): Promise<boolean> {
  if ((await stat(path)).size > maxJsonBytes) return false;
  try {
    const json = parseJson(await readFile(path), basename(path));
    return isManifestOnly(json) || (isObject(json) && ('modelTopology' in json || 'weightsManifest' in json));
  } catch {
    return false;
  }
}

async function savedModelsIn(folder: string, folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of [...folders].sort()) {
    const inside = await readdir(join(folder, name));
    if (inside.includes('saved_model.pb')) found.push(name);
  }
  return found;
}

async function withFile<Result>(
  path: string,
  work: (file: Awaited<ReturnType<typeof open>>) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, 'r');
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
