import { ModeletError } from '../core/errors.js';
import { type FileEntry, type Manifest, namePattern, parseManifest, partBytes } from '../core/manifest.js';
import type { StoredTensor } from '../core/stored-tensor.js';
import { aliasBytes, checkAlias, setAlias } from './move-alias.js';
import { aliasKey, manifestKey, type Registry, sha256, versionFolder } from './registry.js';

/** Golden tensors of more bytes have a file of their own: the manifest is read before anything else, and parsed. */
const mostInManifest = 16 * 1024;

/** What a version will hold; its number, date and checksums are made when it is published. */
export type Draft = Omit<Manifest, 'format' | 'version' | 'created' | 'files'> & {
  /** File name → content. */
  readonly files: ReadonlyMap<string, Uint8Array>;
};

/**
 * Writes an immutable version: the files first, the manifest last. The first publish of a model also sets `production`.
 * Two racing publishes get two numbers, because a number belongs to whoever creates its first file.
 * @param alias also move this alias to the new version
 */
export async function publishVersion(registry: Registry, draft: Draft, alias?: string): Promise<Manifest> {
  if (!namePattern.test(draft.model)) {
    throw new ModeletError(
      'INVALID_INPUT',
      `model name '${draft.model}': use a-z, 0-9 and inner hyphens, at most 40 characters`,
    );
  }
  if (alias !== undefined) checkAlias(alias);
  // It would be the commit mark of a version that is not written yet.
  if (draft.files.has('manifest.json'))
    throw new ModeletError('INVALID_INPUT', "a model's file can't be called manifest.json");
  const isFirst = (await registry.versions(draft.model)).length === 0;
  const { files, ...described } = withGoldenFiles(draft);
  const version = await claimVersion(registry, draft.model, files);
  const manifest: Manifest = {
    format: 'modelet/1',
    version,
    created: new Date().toISOString(),
    files: [...files].map(([name, bytes]) => fileEntry(name, bytes)),
    ...described,
  };
  const key = manifestKey(draft.model, version);
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
  const checked = parseManifest(bytes, key);
  if ((await registry.store.put(key, bytes, { ifAbsent: true })) === undefined) {
    throw new ModeletError('INVALID_INPUT', `${key} was written by someone else meanwhile; publish again`);
  }
  if (isFirst)
    await registry.store.put(aliasKey(draft.model, 'production'), aliasBytes({ version, since: manifest.created }), {
      ifAbsent: true,
    });
  if (alias !== undefined) await setAlias(registry, draft.model, alias, version);
  return checked;
}

function withGoldenFiles(draft: Draft): Draft {
  const files = new Map(draft.files);
  const moved = (kind: 'inputs' | 'outputs'): StoredTensor[] =>
    draft.golden[kind].map(({ base64 = '', ...tensor }, index) => {
      const bytes = Buffer.from(base64, 'base64');
      if (bytes.length <= mostInManifest) return { ...tensor, base64 };
      const file = `golden/${kind}-${index}.bin`;
      files.set(file, bytes);
      return { ...tensor, file };
    });
  const golden = { ...draft.golden, inputs: moved('inputs'), outputs: moved('outputs') };
  return { ...draft, golden, files };
}

/** Writes the files under the next free number: a number belongs to whoever creates its first file. */
async function claimVersion(registry: Registry, model: string, files: Draft['files']): Promise<string> {
  const taken = (await registry.store.list(`${model}/versions/`)).map((name) => Number.parseInt(name, 10));
  let number = Math.max(0, ...taken.filter(Number.isInteger)) + 1;
  while (!(await writeFiles(registry, versionFolder(model, String(number)), files))) number++;
  return String(number);
}

/** What breaks off leaves nothing behind, if the store still answers; else `prune` finds it. */
async function writeFiles({ store }: Registry, folder: string, files: Draft['files']): Promise<boolean> {
  const written: string[] = [];
  try {
    for (const [name, bytes] of files) {
      if ((await store.put(folder + name, bytes, { ifAbsent: true })) === undefined) return false;
      written.push(folder + name);
    }
    return true;
  } catch (error) {
    await Promise.allSettled(written.map((key) => store.delete(key)));
    throw error;
  }
}

export function fileEntry(name: string, bytes: Uint8Array): FileEntry {
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; start += partBytes)
    parts.push(sha256(bytes.subarray(start, start + partBytes)));
  return { name, bytes: bytes.length, sha256: sha256(bytes), parts };
}
