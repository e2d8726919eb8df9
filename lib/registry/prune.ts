import { ModeletError } from '../core/errors.js';
import { versionPattern } from '../core/manifest.js';
import type { ObjectStore } from '../core/object-store.js';
import type { Alias } from './alias.js';
import { manifestKey, type Registry, versionFolder } from './registry.js';

const dayMs = 24 * 60 * 60 * 1000;

/** A publish that has written nothing for a week has broken off; its number may be given to another then. */
const orphanMs = 7 * dayMs;

/** What a prune did. */
export interface Pruned {
  /** Versions that are gone. */
  readonly deleted: readonly string[];
  /** Numbers of publishes that never committed, whose files are gone. */
  readonly orphans: readonly string[];
  /** Versions older than the newest `keep` that stay, with the reason. */
  readonly spared: readonly { readonly version: string; readonly why: string }[];
}

/**
 * Deletes a model's versions but for the newest `keep`, and the remains of publishes that broke off a week ago; never one
 * that an alias names (also as its previous version or canary) nor one that is younger than a day.
 * @param now the time that ages are counted from, in milliseconds since 1970
 * @throws MODEL_NOT_FOUND
 */
export async function pruneVersions(
  registry: Registry,
  model: string,
  keep: number,
  now = Date.now(),
): Promise<Pruned> {
  const committed = await registry.versions(model);
  const numbers = await versionNumbers(registry, model);
  if (numbers.length === 0) throw new ModeletError('MODEL_NOT_FOUND', `there is no model '${model}' in the registry`);

  const deleted: string[] = [];
  const spared: { version: string; why: string }[] = [];
  for (const version of committed.slice(0, -keep)) {
    const young = (await ageOf(registry, model, version, now)) < dayMs ? 'it is younger than a day' : undefined;
    const why = (await namedBy(registry, model, version)) ?? young;
    if (why !== undefined) spared.push({ version, why });
    else if (await deleteVersion(registry, model, version)) deleted.push(version);
    else spared.push({ version, why: 'an alias was moved to it meanwhile' });
  }
  const orphans: string[] = [];
  for (const version of numbers.filter((number) => !committed.includes(number))) {
    if ((await ageOf(registry, model, version, now)) < orphanMs) continue;
    await deleteFiles(registry, model, version);
    orphans.push(version);
  }
  return { deleted, orphans, spared };
}

/** The manifest goes first, so that the version can't be found any more; comes back if an alias was moved to it just then. */
async function deleteVersion(registry: Registry, model: string, version: string): Promise<boolean> {
  const key = manifestKey(model, version);
  const manifest = await registry.store.get(key);
  if (manifest === undefined) return true;
  await registry.store.delete(key);
  if ((await namedBy(registry, model, version)) !== undefined) {
    await registry.store.put(key, manifest.body, { ifAbsent: true });
    return false;
  }
  await deleteFiles(registry, model, version);
  return true;
}

async function deleteFiles(registry: Registry, model: string, version: string): Promise<void> {
  for (const name of await filesBelow(registry.store, versionFolder(model, version))) await registry.store.delete(name);
}

async function filesBelow(store: ObjectStore, folder: string): Promise<string[]> {
  const names = await store.list(folder);
  const nested = names.map((name) =>
    name.endsWith('/') ? filesBelow(store, folder + name) : Promise.resolve([folder + name]),
  );
  return (await Promise.all(nested)).flat();
}

async function versionNumbers({ store }: Registry, model: string): Promise<string[]> {
  const names = (await store.list(`${model}/versions/`)).map((name) => name.replace(/\/$/, ''));
  return names.filter((name) => versionPattern.test(name)).sort((a, b) => Number(a) - Number(b));
}

async function namedBy(registry: Registry, model: string, version: string): Promise<string | undefined> {
  const names = ({ version: current, previous, canary }: Alias) => [current, previous, canary?.version];
  const [alias] = [...(await registry.aliases(model))].find(([, each]) => names(each).includes(version)) ?? [];
  return alias === undefined ? undefined : `alias '${alias}' names it`;
}

/** Since the newest of its files was written, in milliseconds. */
async function ageOf(registry: Registry, model: string, version: string, now: number): Promise<number> {
  const files = await filesBelow(registry.store, versionFolder(model, version));
  const found = await Promise.all(files.map((name) => registry.store.stat(name)));
  return now - Math.max(...found.map((file) => file?.modified.getTime() ?? 0));
}
