import type { Engine, LoadedModel } from './core/engine.js';
import { ModeletError } from './core/errors.js';
import { type Manifest, weightBytes } from './core/manifest.js';
import { type Golden, readGolden } from './core/stored-tensor.js';
import type { Registry } from './registry/registry.js';
import { FileReplaced, openVersion } from './registry/version-files.js';
import { goldenCheck } from './runtime/golden-check.js';
import { settle } from './runtime/settle.js';

export interface ModelCache {
  /**
   * Runs `use` on the version, loading it first where needed: one load however many wait for it. It stays for later
   * requests; a failed load is forgotten, so the next request tries again. A version in use is never disposed of: where
   * there is no room beside those, the load waits for one of them.
   * @throws MODEL_UNAVAILABLE for a version that there is not enough memory for, before anything large of it is read
   * @param onLoad called when this call had to wait for a load, with the promise of it
   */
  with<T>(
    manifest: Manifest,
    use: (model: LoadedModel) => Promise<T>,
    onLoad?: (load: Promise<unknown>) => void,
  ): Promise<T>;
  /** Loads the version where needed, and lets it settle: for whoever has time before its first request. */
  warm(manifest: Manifest, onLoad?: (load: Promise<unknown>) => void): Promise<void>;
  /**
   * Loads a version beside those that serve an alias; none of them has to go for it.
   * @throws MODEL_UNAVAILABLE when there is no room for one more
   */
  preload(manifest: Manifest): Promise<void>;
  /** Marks a version as one that serves an alias: it goes only where nothing else is left to go, until it is dropped. */
  keep(version: string): void;
  /** Loaded, golden-checked and usable. */
  isReady(version: string): boolean;
  /**
   * Frees a version that serves no alias any more: where room is needed at once, else in a moment, as a request may have chosen
   * it and not come for it yet.
   */
  drop(version: string): void;
  /** Versions that are ready, least recently used first. */
  ready(): string[];
}

interface Entry {
  readonly loading: Promise<LoadedModel>;
  readonly bytes: number;
  /** Its bytes are taken; until then it waits for room. */
  placed: boolean;
  loaded?: LoadedModel;
  users: number;
}

/** A load holds its files beside the weights that it makes of them. What serves an alias is loaded whatever else is loading. */
const loadsAtOnce = 2;

/** From the choice of a version to its use a request needs a turn or two of the event loop, ms. */
const dropMs = 1000;

/**
 * The models of one process, by version.
 * @param budget bytes of weights that are kept at most; one alone may be more, if the engine finds memory for it
 */
export function createModelCache(registry: Registry, engine: Engine, budget: number): ModelCache {
  const entries = new Map<string, Entry>();
  /** Out of the cache, but still in use. */
  const leaving = new Set<Entry>();
  const kept = new Set<string>();
  /** Versions that wait for room; each starts its load if there is some now. */
  const waiting = new Map<string, () => boolean>();

  const readExample = (manifest: Manifest): Promise<Golden> =>
    readGolden(manifest, openVersion(registry.store, manifest));
  const read = (manifest: Manifest): Promise<LoadedModel> =>
    engine.load(manifest, openVersion(registry.store, manifest), budget * engine.memoryPerWeight);

  const load = async (manifest: Manifest): Promise<LoadedModel> => {
    const golden = readExample(manifest);
    golden.catch(() => undefined); // awaited below, unless the model can't be read
    const model = await read(manifest).catch((error: unknown) => {
      if (error instanceof FileReplaced) return read(manifest);
      throw error;
    });
    try {
      await goldenCheck(model, manifest, await golden);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  };

  const taken = (): Entry[] => [...entries.values(), ...leaving].filter(({ placed }) => placed);
  const used = (): number => taken().reduce((sum, { bytes }) => sum + bytes, 0);
  const isIdle = ({ loaded, users }: Entry): boolean => loaded !== undefined && users === 0;

  /** Least recently used first; what is loading or in use stays, and what serves an alias while anything else is there. */
  const makeRoom = (bytes: number): boolean => {
    const fits = () => used() === 0 || used() + bytes <= budget;
    for (const [version, entry] of entries) if (!fits() && isIdle(entry) && !kept.has(version)) leave(version, entry);
    // Requests for a pinned version wait for each other; they don't take away what serves everybody else.
    if (fits() || !taken().every(isIdle)) return fits();
    for (const [version, entry] of entries) if (!fits() && isIdle(entry)) leave(version, entry);
    return fits();
  };

  /** Whenever a version is not in use any more, or gone. First come first served, but for what serves an alias. */
  const placeWaiting = (): void => {
    const isKept = (version: string) => Number(kept.has(version));
    for (const [version, place] of [...waiting].sort(([a], [b]) => isKept(b) - isKept(a))) {
      if (!place()) return;
      waiting.delete(version);
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
    let place = (): void => undefined;
    const room = new Promise<void>((resolve) => {
      place = resolve;
    });
    const bytes = weightBytes(manifest);
    const entry: Entry = { loading: room.then(() => load(manifest)), bytes, placed: false, users: 0 };
    waiting.set(manifest.version, () => {
      const busy = taken().filter(({ loaded }) => loaded === undefined).length >= loadsAtOnce;
      if ((busy && !kept.has(manifest.version)) || !makeRoom(bytes)) return false;
      entry.placed = true;
      place();
      return true;
    });
    placeWaiting();
    entry.loading.then(
      (model) => {
        entry.loaded = model;
        left(entry);
      },
      () => {
        leaving.delete(entry);
        if (entries.get(manifest.version) === entry) entries.delete(manifest.version);
        placeWaiting();
      },
    );
    return entry;
  };

  const left = (entry: Entry): void => {
    if (entry.users > 0 || entry.loaded === undefined) return;
    if (leaving.delete(entry)) entry.loaded.dispose();
    placeWaiting();
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

  const settled = new WeakSet<LoadedModel>();
  const warm: ModelCache['warm'] = (manifest, onLoad) =>
    withModel(
      manifest,
      async (model) => {
        if (settled.has(model)) return;
        settled.add(model);
        await settle(model, (await readExample(manifest)).inputs);
      },
      onLoad,
    );

  return {
    with: withModel,
    warm,
    preload: async (manifest) => {
      const bytes = weightBytes(manifest);
      const stays = [...entries].filter(([version, entry]) => entry.placed && (kept.has(version) || !isIdle(entry)));
      const staying = [...stays.map(([, entry]) => entry), ...leaving].reduce((sum, entry) => sum + entry.bytes, 0);
      if (present(manifest.version) === undefined && staying > 0 && staying + bytes > budget) {
        const room = `${inMiB(staying)} of ${inMiB(budget)} are taken`;
        const todo = "raise the function's memory, or deploy afresh";
        throw new ModeletError('MODEL_UNAVAILABLE', `no room for ${inMiB(bytes)} of weights more: ${room}; ${todo}`);
      }
      await warm(manifest);
    },
    isReady: (version) => entries.get(version)?.loaded?.usable === true,
    keep: (version) => void kept.add(version),
    drop: (version) => {
      kept.delete(version);
      const entry = entries.get(version);
      if (entry === undefined) return;
      const free = () => {
        if (entries.get(version) === entry && !kept.has(version)) leave(version, entry);
      };
      setTimeout(free, dropMs).unref();
    },
    ready: () => [...entries].filter(([, { loaded }]) => loaded?.usable === true).map(([version]) => version),
  };
}

const inMiB = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
