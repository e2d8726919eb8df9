import type { Engine, LoadedModel } from './core/engine.js';
import { ModeletError } from './core/errors.js';
import type { Manifest } from './core/manifest.js';
import type { Registry } from './registry/registry.js';
import { goldenCheck } from './runtime/golden-check.js';

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
  /**
   * Loads a version beside those that are there; none of them has to go for it.
   * @throws MODEL_UNAVAILABLE when there is no room for one more
   */
  preload(manifest: Manifest): Promise<void>;
  /** Loaded, golden-checked and usable. */
  isReady(version: string): boolean;
  /** Frees a version as soon as nobody uses it. */
  drop(version: string): void;
  /** Versions that are ready, least recently used first. */
  ready(): string[];
}

interface Entry {
  readonly loading: Promise<LoadedModel>;
  readonly bytes: number;
  loaded?: LoadedModel;
  users: number;
}

/**
 * The models of one process, by version.
 * @param budget bytes of weights that are kept at most; the last one stays whatever its size
 */
export function createModelCache(registry: Registry, engine: Engine, budget: number): ModelCache {
  const entries = new Map<string, Entry>();
  /** Out of the cache, but still in use. */
  const leaving = new Set<Entry>();

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

  const used = (): number => [...entries.values(), ...leaving].reduce((sum, { bytes }) => sum + bytes, 0);

  /** Least recently used first; what is loading or in use stays, even where that is too much. */
  const makeRoom = (bytes: number): void => {
    for (const [version, entry] of entries) {
      if (used() + bytes <= budget) return;
      if (entry.loaded !== undefined && entry.users === 0) leave(version, entry);
    }
  };

  const leave = (version: string, entry: Entry): void => {
    entries.delete(version);
    if (entry.users > 0 || entry.loaded === undefined) leaving.add(entry);
    else entry.loaded.dispose();
  };

  const present = (version: string): Entry | undefined => {
    const entry = entries.get(version);
    if (entry?.loaded?.usable !== false) return entry;
    leave(version, entry);
    return undefined;
  };

  const enter = (manifest: Manifest): Entry => {
    const { version } = manifest;
    const entry = present(version) ?? start(manifest);
    // The most recently used stands last.
    entries.delete(version);
    entries.set(version, entry);
    return entry;
  };

  const start = (manifest: Manifest): Entry => {
    const bytes = weightBytes(manifest);
    makeRoom(bytes);
    const entry: Entry = { loading: load(manifest), bytes, users: 0 };
    entry.loading.then(
      (model) => {
        entry.loaded = model;
        if (leaving.has(entry)) left(entry);
      },
      () => {
        leaving.delete(entry);
        if (entries.get(manifest.version) === entry) entries.delete(manifest.version);
      },
    );
    return entry;
  };

  const left = (entry: Entry): void => {
    if (entry.users > 0 || entry.loaded === undefined || !leaving.delete(entry)) return;
    entry.loaded.dispose();
  };

  const withModel: ModelCache['with'] = async (manifest, use, onLoad) => {
    const entry = enter(manifest);
    entry.users++;
    try {
      if (entry.loaded === undefined) onLoad?.(entry.loading);
      return await use(entry.loaded ?? (await entry.loading));
    } finally {
      entry.users--;
      left(entry);
    }
  };

  return {
    with: withModel,
    preload: async (manifest) => {
      const bytes = weightBytes(manifest);
      if (present(manifest.version) === undefined && used() > 0 && used() + bytes > budget) {
        const inMiB = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
        const room = `${inMiB(used())} of ${inMiB(budget)} are taken`;
        const todo = "raise the function's memory, or deploy afresh";
        throw new ModeletError('MODEL_UNAVAILABLE', `no room for ${inMiB(bytes)} of weights more: ${room}; ${todo}`);
      }
      await withModel(manifest, async () => undefined);
    },
    isReady: (version) => entries.get(version)?.loaded?.usable === true,
    drop: (version) => {
      const entry = entries.get(version);
      if (entry !== undefined) leave(version, entry);
    },
    ready: () => [...entries].filter(([, { loaded }]) => loaded?.usable === true).map(([version]) => version),
  };
}

/** Bytes of a version's weights once they are loaded: quantized ones are float32 again. */
function weightBytes({ files, quantization }: Manifest): number {
  const grows = { float16: 2, uint8: 4, none: 1 }[quantization?.dtype ?? 'none'];
  return grows * files.reduce((sum, { bytes }) => sum + bytes, 0);
}
