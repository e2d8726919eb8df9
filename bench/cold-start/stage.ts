import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pushVersion } from '../../lib/registry/push.js';
import { createRegistry, versionFolder } from '../../lib/registry/registry.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { startS3Server } from '../../test/support/versitygw.js';
import { python, workFolder } from './install.js';
import { layersModelFiles } from './layers-model.js';
import { type Model, type Network, openNetwork } from './networks.js';
import { onnxModel } from './onnx-model.js';

const bucket = 'models';

/** An S3 server with the models in every form that is served. */
export interface Stage {
  /** For the functions and their code caches; it goes with the stage. */
  readonly folder: string;
  readonly networks: readonly Network[];
  /** What a function of that model has in its environment. */
  env(model: string): Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** @param peers also the forms of the other runtimes; a SavedModel where TensorFlow is installed */
export async function setStage(
  models: readonly Model[],
  peers: { readonly tensorflow: boolean } | undefined,
): Promise<Stage> {
  const s3 = await startS3Server();
  mkdirSync(workFolder, { recursive: true });
  // Below the packages of the other runtimes, which functions look for above them.
  const folder = mkdtempSync(join(workFolder, 'run-'));
  const stop = async (): Promise<void> => {
    await s3.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const networks: Network[] = [];
  try {
    for (const model of models) networks.push(await openNetwork(model, join(folder, 'registry')));
    await s3.createBucket(bucket);
    Object.assign(process.env, s3.env()); // for the stores of this process
    const registry = createRegistry(await openStore(`s3://${bucket}/registry`));
    for (const { model, manifest, registry: from } of networks) {
      await pushVersion(from, registry, { model, version: manifest.version, alias: 'production' });
    }
    if (peers !== undefined) await storePeers(networks, peers.tensorflow);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    folder,
    networks,
    env: (model) => ({
      ...s3.env(),
      MODELET_REGISTRY: `s3://${bucket}/registry`,
      MODEL: model,
      BUCKET: bucket,
      PREFIX: `peers/${model}/`,
    }),
    stop,
  };
}

async function storePeers(networks: readonly Network[], tensorflow: boolean): Promise<void> {
  for (const network of networks) {
    const store = await openStore(`s3://${bucket}/peers/${network.model}`);
    const files = new Map([...layersModelFiles(network.layers), ['model.onnx', onnxModel(network.graph)]]);
    if (tensorflow) for (const [name, bytes] of await savedModelFiles(network)) files.set(name, bytes);
    for (const [name, bytes] of files) await store.put(name, bytes);
  }
}

/** The SavedModel is made by TensorFlow itself, of the published files. */
async function savedModelFiles({ model, manifest, registry }: Network): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), 'modelet-bench-'));
  try {
    const source = join(registry.store.location, versionFolder(model, manifest.version));
    execFileSync(python, ['bench/cold-start/saved_model.py', source, folder], { stdio: 'ignore' });
    const names = ['saved_model.pb', 'variables/variables.index', 'variables/variables.data-00000-of-00001'];
    return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
