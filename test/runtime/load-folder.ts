import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedModel } from '../../lib/core/engine.js';
import type { Manifest } from '../../lib/core/manifest.js';
import type { Signature } from '../../lib/core/tensor.js';
import { filesAtHand } from '../../lib/core/version-files.js';
import { graphSignature } from '../../lib/importers/graph/read-signature.js';
import { inspectSavedModel } from '../../lib/runtime/saved-model.js';
import { openEngine } from '../support/engine.js';
import { tinyDraft } from '../support/tiny-model.js';

type Files = ReadonlyMap<string, Uint8Array>;

/** A version that no registry has: its files, and what a publish would have said of them. */
export async function loadFiles(
  backend: string,
  files: Files,
  described: Pick<Manifest, 'signature' | 'savedModel'>,
): Promise<LoadedModel> {
  const { files: _, ...draft } = tinyDraft('tiny');
  const entries = [...files].map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: '', parts: [] }));
  const manifest: Manifest = {
    format: 'modelet/1',
    version: '1',
    created: '',
    ...draft,
    files: entries,
    ...described,
  };
  const engine = await openEngine(backend);
  return engine.load(manifest, filesAtHand(files));
}

/** A graph model's folder, its signature as we publish it. */
export async function loadGraphFolder(
  backend: string,
  folder: string,
): Promise<LoadedModel & { signature: Signature }> {
  const model = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const { signature, inputTensors, outputTensors } = graphSignature(
    model.modelTopology.node,
    model.userDefinedMetadata?.signature ?? model.signature,
  );
  const names = (tensors: ReadonlyMap<string, string>) =>
    Object.fromEntries([...tensors].map(([name, tensor]) => [name, { name: tensor }]));
  const ours = { ...model, signature: { inputs: names(inputTensors), outputs: names(outputTensors) } };
  const files = new Map<string, Uint8Array>([['model.json', Buffer.from(JSON.stringify(ours))]]);
  for (const path of model.weightsManifest[0].paths) files.set(path, readFileSync(join(folder, path)));
  const loaded = await loadFiles(backend, files, { signature });
  return Object.assign(Object.create(loaded), { signature });
}

export async function loadSavedModelFolder(backend: string, folder: string): Promise<LoadedModel> {
  const { tags, signatureName, signature } = await inspectSavedModel(folder);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  const files = new Map<string, Uint8Array>(names.map((name) => [name, readFileSync(join(folder, name))]));
  return loadFiles(backend, files, { signature, savedModel: { tags, signature: signatureName } });
}
