import type { Engine, LoadedModel } from './core/engine.js';
import { ModeletError } from './core/errors.js';
import type { Manifest } from './core/manifest.js';
import type { Registry } from './registry/registry.js';
import { goldenCheck } from './runtime/golden-check.js';

/** Versions kept at once: what the alias names, and one that is pinned or on its way out. */
const kept = 2;

export interface ModelCache {
  /**
   * Runs `use` on the version, loading it first where needed: one load however many wait for it. It stays for later
   * requests; a failed load is forgotten, so the next request tries again. A version in use is never disposed of.
   * @param onLoad called when this call had to wait for a load, with the promise of it
   */
  with<T>(
    manifest: Manifest,
    use: (model: LoadedModel) => Promise<T>,
    onLoad?: (load: Promise<unknown>) => void,
  ): Promise<T>;
}

interface Entry {
  readonly loading: Promise<LoadedModel>;
  loaded?: LoadedModel;
  users: number;
}

/** The models of one process, by version, in a bounded number. */
export function createModelCache(registry: Registry, engine: Engine): ModelCache {
  const entries = new Map<string, Entry>();

  const load = async (manifest: Manifest): Promise<LoadedModel> => {
    const model = await engine.load(manifest, (name) => {
      const file = manifest.files.find((entry) => entry.name === name);
      if (file !== undefined) return registry.readFile(manifest, file);
      throw new ModeletError('MODEL_CORRUPT', `the manifest of ${manifest.model}@${manifest.version} lacks ${name}`);
    });
    try {
      await goldenCheck(model, manifest);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  };

  const enter = (manifest: Manifest): Entry => {
    const key = manifest.version;
    const present = entries.get(key);
    if (present !== undefined && present.loaded?.usable !== false) {
      entries.delete(key);
      entries.set(key, present);
      return present;
    }
    present?.loaded?.dispose();
    makeRoom();
    const entry: Entry = { loading: load(manifest), users: 0 };
    entries.set(key, entry);
    entry.loading.then(
      (model) => {
        entry.loaded = model;
      },
      () => {
        if (entries.get(key) === entry) entries.delete(key);
      },
    );
    return entry;
  };

  /** Least recently used first; what is loading or in use stays, even where that is one too many. */
  const makeRoom = (): void => {
    for (const [key, entry] of entries) {
      if (entries.size < kept) return;
      if (entry.loaded === undefined || entry.users > 0) continue;
      entries.delete(key);
      entry.loaded.dispose();
    }
  };

  return {
    with: async (manifest, use, onLoad) => {
      const entry = enter(manifest);
      entry.users++;
      try {
        if (entry.loaded === undefined) onLoad?.(entry.loading);
        return await use(entry.loaded ?? (await entry.loading));
      } finally {
        entry.users--;
      }
    },
  };
}
