// What every function with a model in S3 pays: the runtime client, and the files of the version read as modelet reads them, by
// the same client, in the same parts. It checks and computes nothing, and gives a constant answer.
import { type FileEntry, type Manifest, modelFiles, partBytes } from '../../../lib/core/manifest.js';
import type { ObjectStore } from '../../../lib/core/object-store.js';
import { aliasKey, manifestKey, versionFolder } from '../../../lib/registry/registry.js';
import { openStore } from '../../../lib/registry/stores/open-store.js';

const { MODELET_REGISTRY: registry = '', MODEL: model = '', ANSWER: body } = process.env;

export const handler = async (): Promise<unknown> => {
  const began = performance.now();
  const store = await openStore(registry);
  const json = async <T>(key: string) => JSON.parse(Buffer.from(await read(store, key)).toString('utf8')) as T;
  const { version } = await json<{ version: string }>(aliasKey(model, 'production'));
  const manifest = await json<Manifest>(manifestKey(model, version));
  const known = performance.now();
  const folder = versionFolder(model, version);
  await Promise.all(filesRead(manifest).map((file) => readFile(store, folder, file)));
  const stages = `manifest;dur=${known - began}, weights;dur=${performance.now() - known}`;
  return { statusCode: 200, headers: { 'server-timing': stages }, body };
};

/** Of a version with a stored plan: that, instead of the graph and the weights. */
function filesRead(manifest: Manifest): FileEntry[] {
  if (manifest.plan === undefined || 'reason' in manifest.plan) return manifest.files;
  const ofGraph = new Set(modelFiles(manifest));
  return manifest.files.filter((file) => !ofGraph.has(file));
}

async function read(store: ObjectStore, key: string): Promise<Uint8Array> {
  const object = await store.get(key);
  if (object === undefined) throw new Error(`${key} is missing`);
  return object.body;
}

async function readFile(store: ObjectStore, folder: string, { name, bytes }: FileEntry): Promise<Uint8Array> {
  if (bytes <= partBytes) return read(store, folder + name);
  const whole = new Uint8Array(bytes);
  const starts = Array.from({ length: Math.ceil(bytes / partBytes) }, (_, part) => part * partBytes);
  await Promise.all(
    starts.map(async (start) => {
      const object = await store.readInto(folder + name, whole.subarray(start, start + partBytes), { start });
      if (object === undefined || object === 'changed') throw new Error(`${name} is missing`);
    }),
  );
  return whole;
}
