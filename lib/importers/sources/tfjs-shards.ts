import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { badSource } from './bad-source.js';
import { asArray, asObject, asText } from './json.js';
import { maxFileBytes } from './limits.js';
import { type ManifestWeight, readManifestWeights } from './tfjs-weights.js';

/** One group of a weights manifest, read. */
export interface WeightGroup {
  readonly weights: readonly ManifestWeight[];
  readonly bytes: Uint8Array;
}

/**
 * Reads the weights that a TF.js `model.json` names, from files beside it.
 * @param modelPath of the model.json
 * @throws INVALID_INPUT for a shard that is missing, too short or too long, or would lie elsewhere
 */
export async function readShards(modelPath: string, manifest: unknown): Promise<WeightGroup[]> {
  const names = new Set<string>();
  const groups = asArray(manifest, 'weightsManifest').map((item) => {
    const group = asObject(item, 'a group of weightsManifest');
    const paths = asArray(group.paths, "a group's paths").map((path) => shardName(asText(path, "a shard's path")));
    return { weights: readManifestWeights(group.weights, names), paths };
  });
  // Sizes are known before anything is read.
  const total = groups.reduce((sum, { weights }) => sum + sizeOf(weights), 0);
  if (total > maxFileBytes) throw badSource(`the weights take ${total} bytes`, 'models up to 2 GiB can be imported');
  const read: WeightGroup[] = [];
  for (const { weights, paths } of groups) {
    const bytes = await readGroup(dirname(modelPath), paths, sizeOf(weights));
    read.push({ weights, bytes });
  }
  return read;
}

function sizeOf(weights: readonly ManifestWeight[]): number {
  return weights.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A file beside the model or in a folder below: never elsewhere, and nothing that is fetched. */
function shardName(path: string): string {
  const steps = path.split(/[\\/]/);
  if (path === '' || steps.some((step) => step === '..' || step === '' || step.includes(':') || step.includes('\0'))) {
    throw badSource(
      `the shard '${path}' is no file beside model.json`,
      'put the shards beside model.json, under plain names',
    );
  }
  return path;
}

async function readGroup(folder: string, paths: readonly string[], expected: number): Promise<Uint8Array> {
  const files: { path: string; size: number }[] = [];
  let found = 0;
  for (const path of paths) {
    const size = await sizeOfShard(folder, path);
    files.push({ path, size });
    found += size;
    // A manifest may name one file a million times.
    if (found > expected) break;
  }
  if (found !== expected) {
    const names = paths.slice(0, 3).join(', ');
    throw badSource(
      `the weights in ${names}${paths.length > 3 ? ' …' : ''} have ${found} bytes where model.json asks for ${expected}`,
      'copy or convert the model again',
    );
  }
  const bytes = Buffer.allocUnsafeSlow(expected);
  let offset = 0;
  for (const { path, size } of files) {
    await readShard(folder, path, bytes.subarray(offset, offset + size));
    offset += size;
  }
  return bytes;
}

async function sizeOfShard(folder: string, path: string): Promise<number> {
  return withShard(folder, path, async (file) => {
    const about = await file.stat();
    if (!about.isFile()) throw badSource(`the shard '${path}' is no file`, 'copy the model again');
    return about.size;
  });
}

async function readShard(folder: string, path: string, into: Uint8Array): Promise<void> {
  await withShard(folder, path, async (file) => {
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await file.read(into, done, into.length - done, done);
      if (bytesRead === 0) throw badSource(`the shard '${path}' became shorter`, 'publish again');
      done += bytesRead;
    }
  });
}

type OpenFile = Awaited<ReturnType<typeof open>>;

async function withShard<Result>(
  folder: string,
  path: string,
  work: (file: OpenFile) => Promise<Result>,
): Promise<Result> {
  // A pipe would keep us waiting for its writer; so it opens at once, and is seen to be no file.
  const file = await open(join(folder, path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (error: unknown) => {
      throw badSource(`the shard '${path}' can't be read`, 'put all shards beside model.json', error);
    },
  );
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
