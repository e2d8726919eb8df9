import { ModeletError } from './core/errors.js';
import type { Log } from './core/log.js';
import type { Manifest } from './core/manifest.js';
import type { VersionRef } from './core/version-ref.js';
import type { Registry } from './registry/registry.js';

/** An alias is looked at again at a request this long after the last look. */
const aliasLifetimeMs = 30_000;

/** Manifests kept; a version never changes, so they are never read again. */
const kept = 16;

/** References → manifests for one model, asking the registry as little as possible. */
export function createVersionLookup(
  registry: Registry,
  model: string,
  log: Log,
): (ref: VersionRef) => Promise<Manifest> {
  const manifests = new Map<string, Manifest>();
  const aliases = new Map<string, { version: string; readonly at: number }>();

  const aliasVersion = async (alias: string): Promise<string> => {
    const known = aliases.get(alias);
    if (known !== undefined && performance.now() - known.at < aliasLifetimeMs) return known.version;
    try {
      const version = await registry.resolve(model, { alias });
      if (known !== undefined && known.version !== version)
        log.info('alias moved', { model, alias, version, from: known.version });
      remember(aliases, alias, { version, at: performance.now() });
      return version;
    } catch (error) {
      // What runs goes on while the store doesn't answer; an alias that is gone or broken is told.
      if (known === undefined || !(error instanceof ModeletError) || !error.retryable) throw error;
      log.warn('alias not readable, the last known version serves on', { model, alias, version: known.version });
      remember(aliases, alias, { version: known.version, at: performance.now() });
      return known.version;
    }
  };

  return async (ref) => {
    const version = 'version' in ref ? ref.version : await aliasVersion(ref.alias);
    const known = manifests.get(version);
    if (known !== undefined) return known;
    const manifest = await registry.manifest(model, version);
    remember(manifests, version, manifest);
    return manifest;
  };
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > kept && !oldest.done) map.delete(oldest.value);
}
