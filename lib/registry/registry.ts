import { createHash } from 'node:crypto';
import { ModeletError } from '../core/errors.js';
import { type Manifest, namePattern, parseManifest, versionPattern } from '../core/manifest.js';
import type { ObjectStore } from '../core/object-store.js';
import type { VersionRef } from '../core/version-ref.js';
import { type Alias, parseAlias } from './alias.js';

/** Reads models, versions and aliases; `version-files.ts` reads a version's files, `publish.ts` and `push.ts` write them. */
export interface Registry {
  readonly store: ObjectStore;
  /** Names of the models that have a folder, sorted. */
  models(): Promise<string[]>;
  /** Committed versions (those with a manifest), ascending; [] for an unknown model. */
  versions(model: string): Promise<string[]>;
  /** Alias names → where they point. */
  aliases(model: string): Promise<ReadonlyMap<string, Alias>>;
  /**
   * Where an alias points now, by a conditional read.
   * @param etag of what is known: 'unchanged' while it holds
   * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND for an alias that is not set, MODEL_CORRUPT
   */
  alias(model: string, name: string, etag?: string): Promise<{ alias: Alias; etag: string } | 'unchanged'>;
  /**
   * The version that a reference names now.
   * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND (also for an alias that is not set)
   */
  resolve(model: string, ref: VersionRef): Promise<string>;
  /** @throws VERSION_NOT_FOUND, MODEL_NOT_FOUND, MODEL_CORRUPT */
  manifest(model: string, version: string): Promise<Manifest>;
}

export const versionFolder = (model: string, version: string): string => `${model}/versions/${version}/`;
export const manifestKey = (model: string, version: string): string => `${versionFolder(model, version)}manifest.json`;
export const aliasKey = (model: string, alias: string): string => `${model}/aliases/${alias}.json`;
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export function createRegistry(store: ObjectStore): Registry {
  const versionNumbers = async (model: string): Promise<string[]> =>
    folders(await store.list(`${model}/versions/`))
      .filter((name) => versionPattern.test(name))
      .sort((a, b) => Number(a) - Number(b));

  const isCommitted = async (model: string, version: string): Promise<boolean> =>
    (await store.list(versionFolder(model, version))).includes('manifest.json');

  const notFound = async (model: string, what: string): Promise<ModeletError> => {
    if (!namePattern.test(model) || (await versionNumbers(model)).length === 0) {
      return new ModeletError('MODEL_NOT_FOUND', `there is no model '${model}' in the registry`);
    }
    return new ModeletError('VERSION_NOT_FOUND', `model '${model}' has no ${what}`);
  };

  const alias: Registry['alias'] = async (model, name, etag) => {
    const missing = () => notFound(model, `alias '${name}'`);
    if (!namePattern.test(model) || !namePattern.test(name)) throw await missing();
    const key = aliasKey(model, name);
    const object = etag === undefined ? await store.get(key) : await store.getUnless(etag, key);
    if (object === undefined) throw await missing();
    return object === 'unchanged' ? object : { alias: parseAlias(object.body, key), etag: object.etag };
  };

  return {
    store,

    models: async () => folders(await store.list('')).filter((name) => namePattern.test(name)),

    versions: async (model) => {
      const numbers = await versionNumbers(model);
      const committed = await Promise.all(numbers.map((version) => isCommitted(model, version)));
      return numbers.filter((_, index) => committed[index]);
    },

    aliases: async (model) => {
      const names = (await store.list(`${model}/aliases/`)).filter((name) => name.endsWith('.json'));
      const entries = names.map(async (name): Promise<[string, Alias][]> => {
        const key = `${model}/aliases/${name}`;
        const object = await store.get(key);
        return object === undefined ? [] : [[name.slice(0, -'.json'.length), parseAlias(object.body, key)]];
      });
      return new Map((await Promise.all(entries)).flat());
    },

    alias,

    resolve: async (model, ref) => {
      if ('version' in ref) return ref.version;
      return ((await alias(model, ref.alias)) as { alias: Alias }).alias.version;
    },

    manifest: async (model, version) => {
      const wellFormed = namePattern.test(model) && versionPattern.test(version);
      const object = wellFormed ? await store.get(manifestKey(model, version)) : undefined;
      if (object === undefined) throw await notFound(model, `version '${version}'`);
      const key = manifestKey(model, version);
      const manifest = parseManifest(object.body, key);
      if (manifest.model === model && manifest.version === version) return manifest;
      throw new ModeletError('MODEL_CORRUPT', `${key} is the manifest of ${manifest.model}@${manifest.version}`);
    },
  };
}

function folders(names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1));
}
