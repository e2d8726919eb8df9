import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { setAlias } from './move-alias.js';
import { manifestKey, type Registry, versionFolder } from './registry.js';
import { openVersion } from './version-files.js';

export interface PushOptions {
  readonly model: string;
  readonly version: string;
  /** Also point this alias of the target at the version. */
  readonly alias?: string;
  /** Called after each file with the bytes copied so far. */
  readonly onProgress?: (copied: number, total: number) => void;
}

/**
 * Copies a version between registries under the same number, every file verified on the way, the manifest last.
 * A version that is already there is left alone when it is the same, refused when it differs.
 * @returns the manifest, and whether anything was copied
 */
export async function pushVersion(
  from: Registry,
  to: Registry,
  { model, version, alias, onProgress }: PushOptions,
): Promise<{ manifest: Manifest; copied: boolean }> {
  const manifest = await from.manifest(model, version);
  const key = manifestKey(model, version);
  const bytes = await bytesAt(from, key);
  const there = await to.store.get(key);
  const differs = () =>
    new ModeletError(
      'INVALID_INPUT',
      `${to.store.location} has another ${model}@${version}; publish this one under a new number`,
    );
  if (there !== undefined && !Buffer.from(bytes).equals(there.body)) throw differs();

  if (there === undefined) {
    const total = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    const files = openVersion(from.store, manifest);
    let copied = 0;
    for (const file of manifest.files) {
      await putSame(to, versionFolder(model, version) + file.name, await files.read(file.name), differs);
      copied += file.bytes;
      onProgress?.(copied, total);
    }
    if ((await to.store.put(key, bytes, { ifAbsent: true })) === undefined) throw differs();
  }
  if (alias !== undefined) await setAlias(to, model, alias, version);
  return { manifest, copied: there === undefined };
}

/** A push that broke off may have left this very file; any other content under the name is someone else's version. */
async function putSame(to: Registry, key: string, body: Uint8Array, differs: () => Error): Promise<void> {
  if ((await to.store.put(key, body, { ifAbsent: true })) !== undefined) return;
  const there = await to.store.get(key);
  if (there === undefined || !Buffer.from(body).equals(there.body)) throw differs();
}

async function bytesAt(registry: Registry, key: string): Promise<Uint8Array> {
  const object = await registry.store.get(key);
  if (object === undefined)
    throw new ModeletError('VERSION_NOT_FOUND', `${key} is gone from ${registry.store.location}`);
  return object.body;
}
