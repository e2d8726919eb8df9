import { createHash } from 'node:crypto';
import { type AliasWatch, createAliasWatch } from './alias-watch.js';
import type { Log } from './core/log.js';
import type { Manifest } from './core/manifest.js';
import type { VersionRef } from './core/version-ref.js';
import type { ModelCache } from './model-cache.js';
import type { Alias } from './registry/alias.js';
import type { Registry } from './registry/registry.js';
import { createSwap, type Swap } from './swap.js';

/** Manifests kept; a version never changes, so they are never read again. */
const kept = 16;

export interface VersionLookup {
  /**
   * The version that answers a request. For an alias that is the version that it names, or its canary, once that one is
   * loaded; while it loads, the one that served before.
   * @param canaryKey requests of one key stay on one side of a canary; without it the side is random
   */
  find(ref: VersionRef, canaryKey?: string): Promise<Manifest>;
  /** Aliases as this process knows them. */
  readonly aliases: AliasWatch['known'];
}

/** References → manifests for one model, asking the registry as little as possible. */
export function createVersionLookup(
  registry: Registry,
  model: string,
  cache: ModelCache,
  log: Log,
  lookEveryMs: number,
): VersionLookup {
  const manifests = new Map<string, Manifest>();
  const swaps = new Map<string, Swap>();
  const watch = createAliasWatch(registry, model, log, lookEveryMs);

  const manifestOf = async (version: string): Promise<Manifest> => {
    const known = manifests.get(version) ?? (await registry.manifest(model, version));
    manifests.delete(version);
    manifests.set(version, known);
    const oldest = manifests.keys().next();
    if (manifests.size > kept && !oldest.done) manifests.delete(oldest.value);
    return known;
  };

  const newSwap = (alias: string): Swap => createSwap({ model, alias, cache, log, manifestOf, isNamed: watch.isNamed });

  return {
    aliases: watch.known,
    find: async (ref, canaryKey) => {
      if ('version' in ref) return manifestOf(ref.version);
      const look = await watch.look(ref.alias);
      const swap = swaps.get(ref.alias) ?? newSwap(ref.alias);
      swaps.set(ref.alias, swap);
      return manifestOf(await swap.choose(look, pick(model, look.alias, canaryKey)));
    },
  };
}

/** The canary's share: a key has its place between 0 and 100 for good, so it never flips while the percentage grows. */
function pick(model: string, { version, canary }: Alias, key: string | undefined): string {
  if (canary === undefined) return version;
  const place = key === undefined ? Math.random() : placeOf(`${model}@${canary.version} ${key}`);
  return place * 100 < canary.percent ? canary.version : version;
}

function placeOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
