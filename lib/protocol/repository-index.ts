import { describeValue, invalidInput } from '../core/errors.js';
import type { Registry } from '../registry/registry.js';
import { parseJsonObject, readBody } from './body.js';
import type { HttpRequest } from './http.js';
import { isRead, readable } from './readable.js';

interface VersionState {
  readonly name: string;
  readonly version?: string;
  readonly state: 'READY' | 'UNAVAILABLE';
  readonly reason: string;
}

/** Triton's "model repository extension", `$repository_index_response`: every version of the models. @throws INVALID_INPUT */
export async function repositoryIndex(
  registry: Registry,
  names: readonly string[],
  request: HttpRequest,
): Promise<VersionState[]> {
  const onlyReady = await wantsOnlyReady(request);
  const states = (await Promise.all(names.map((name) => versionStates(registry, name)))).flat();
  return states.filter(({ state }) => !onlyReady || state === 'READY');
}

/** READY is a version that answers requests, loaded by the first of them. */
async function versionStates(registry: Registry, name: string): Promise<VersionState[]> {
  const versions = await readable(() => registry.versions(name));
  if (!isRead(versions)) return [{ name, state: 'UNAVAILABLE', reason: versions.message }];
  if (versions.length === 0) return [{ name, state: 'UNAVAILABLE', reason: 'it has no version; publish or push one' }];
  return Promise.all(
    versions.map(async (version): Promise<VersionState> => {
      const manifest = await readable(() => registry.manifest(name, version));
      return isRead(manifest)
        ? { name, version, state: 'READY', reason: '' }
        : { name, version, state: 'UNAVAILABLE', reason: manifest.message };
    }),
  );
}

/** `$repository_index_request`; clients also send no body at all. */
async function wantsOnlyReady(request: HttpRequest): Promise<boolean> {
  const bytes = await readBody(request);
  const { ready = false } = bytes.length === 0 ? {} : parseJsonObject(bytes);
  if (typeof ready === 'boolean') return ready;
  throw invalidInput('ready', `expected true or false, got ${describeValue(ready)}`);
}
