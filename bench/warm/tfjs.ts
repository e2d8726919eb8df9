import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { openVersion } from '../../lib/registry/version-files.js';
import { readGraph } from '../../lib/runtime/model-artifacts.js';
import { loadTfjsNode } from '../../lib/runtime/native-backend.js';
import type { Predict } from './engines.js';
import type { Network } from './networks.js';

/** TF.js as it is installed, nothing of modelet's around it: the layers model, or the graph that modelet published. */
export async function openTfjs(
  backend: 'wasm' | 'tensorflow',
  form: 'layers' | 'graph',
  network: Network,
): Promise<Predict> {
  if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  else await loadTfjsNode();
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js has no backend '${backend}' here`);
  const model = await (form === 'layers' ? layersModel(network) : graphModel(network));
  return async ({ datatype, shape, data }) =>
    tf.tidy(() => {
      const input = tf.tensor(data, [...shape], datatype === 'INT32' ? 'int32' : 'float32');
      return (model.predict(input) as tf.Tensor).dataSync<'float32'>();
    });
}

function layersModel({ folder }: Network): Promise<layers.LayersModel> {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as {
    readonly modelTopology: object;
    readonly weightsManifest: readonly { readonly weights: tf.io.WeightsManifestEntry[] }[];
  };
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const weightData = Uint8Array.from(readFileSync(join(folder, 'weights.bin'))).buffer;
  return layers.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
}

async function graphModel({ published: { registry: root, name, version } }: Network): Promise<GraphModel> {
  const registry = createRegistry(fileStore(root));
  const manifest = await registry.manifest(name, version);
  const files = openVersion(registry.store, manifest);
  const { artifacts, weightSpecs, weightFiles } = await readGraph(manifest, files);
  const read = await Promise.all(weightFiles.map((file) => files.read(file)));
  const weightData = read.map((bytes) => Uint8Array.from(bytes).buffer);
  const model = new GraphModel(tf.io.fromMemory({ ...artifacts, weightSpecs: [...weightSpecs], weightData }));
  await model.load();
  return model;
}
