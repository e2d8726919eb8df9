import type * as tf from '@tensorflow/tfjs-core';
import type { ReadFile } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { elementCount } from '../core/tensor.js';

export type Artifacts = tf.io.ModelArtifacts & { readonly weightSpecs: tf.io.WeightsManifestEntry[] };

/**
 * A version's `model.json` and weight files as TF.js takes them.
 * @throws MODEL_CORRUPT when model.json is not a graph model's or names files that the manifest doesn't
 */
export async function readArtifacts(manifest: Manifest, readFile: ReadFile): Promise<Artifacts> {
  const { modelTopology, weightsManifest, signature } = parseModelJson(manifest, await readFile('model.json'));
  const paths = weightsManifest.flatMap((group) => group.paths);
  const unknown = paths.find((path) => !manifest.files.some((file) => file.name === path));
  if (unknown !== undefined) throw corrupt(manifest, `names the file '${unknown}', which is not in the manifest`);
  const shards = await Promise.all(paths.map(readFile));
  return {
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: shards.map(ownBuffer),
    ...(signature === undefined ? {} : { signature }),
  };
}

/** Bytes of all weights once they are tensors: four per element, also where they are stored quantized. */
export function weightBytes({ weightSpecs }: Artifacts): number {
  return weightSpecs.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
}

function parseModelJson(manifest: Manifest, bytes: Uint8Array): tf.io.ModelJSON {
  let json: tf.io.ModelJSON | null;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw corrupt(manifest, 'is not JSON');
  }
  if (json?.modelTopology == null || !Array.isArray(json.weightsManifest)) {
    throw corrupt(manifest, 'has no modelTopology or no weightsManifest');
  }
  return json;
}

function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return (whole ? bytes.buffer : bytes.slice().buffer) as ArrayBuffer;
}

function corrupt({ model, version }: Manifest, problem: string): ModeletError {
  return new ModeletError('MODEL_CORRUPT', `model.json of ${model}@${version} ${problem}`);
}
