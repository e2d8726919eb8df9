import { ModeletError } from './errors.js';
import { goldenFiles, type Manifest } from './manifest.js';
import { arrayOf, makeTensor, type Tensor, type Tensors } from './tensor.js';
import type { VersionFiles } from './version-files.js';

export type StoredTensor = Manifest['golden']['inputs'][number];

/** Tensors → the manifest's form. Typed arrays are little-endian on every platform that Node.js supports. */
export function storeTensors(tensors: Tensors): StoredTensor[] {
  return [...tensors].map(([name, { datatype, shape, data }]) => ({
    name,
    datatype,
    shape: [...shape],
    base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
  }));
}

/**
 * The inverse.
 * @param files that tensors are in, by name
 * @throws RangeError when bytes and shape disagree
 */
export function readStoredTensors(
  stored: readonly StoredTensor[],
  files: ReadonlyMap<string, Uint8Array> = new Map(),
): Map<string, Tensor> {
  return new Map(
    stored.map(({ name, datatype, shape, base64 = '', file }) => {
      const found = file === undefined ? Buffer.from(base64, 'base64') : (files.get(file) ?? new Uint8Array());
      // A copy of its own, because what is given out may be an unaligned slice of Node's pool.
      const bytes = Uint8Array.from(found);
      return [name, makeTensor(datatype, shape, new arrayOf[datatype](bytes.buffer))];
    }),
  );
}

/** What an engine must reproduce before it may serve a version. */
export interface Golden {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
}

/**
 * A version's golden example, wherever its tensors are stored.
 * @throws MODEL_CORRUPT where bytes and shape disagree, and what reading the files throws
 */
export async function readGolden(manifest: Manifest, { read }: Pick<VersionFiles, 'read'>): Promise<Golden> {
  const { golden, model, version } = manifest;
  const files = new Map(
    await Promise.all(goldenFiles(manifest).map(async (name) => [name, await read(name)] as const)),
  );
  try {
    return { inputs: readStoredTensors(golden.inputs, files), outputs: readStoredTensors(golden.outputs, files) };
  } catch (cause) {
    const message = `the golden example of ${model}@${version} is damaged; publish the version again`;
    throw new ModeletError('MODEL_CORRUPT', message, { cause });
  }
}
