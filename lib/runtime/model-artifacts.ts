import type * as tf from '@tensorflow/tfjs-core';
import type { ReadFile } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { elementCount } from '../core/tensor.js';

/** A version's graph, and what its weights will be; they are not read yet. */
export interface Graph {
  readonly artifacts: Pick<tf.io.ModelArtifacts, 'modelTopology' | 'signature' | 'weightSpecs'>;
  readonly weightFiles: readonly string[];
  /** Bytes of all weights once they are tensors: four an element, also where they are stored quantized. */
  readonly weightBytes: number;
}

/** @throws MODEL_CORRUPT when model.json is not a graph model's */
export async function readGraph(manifest: Manifest, readFile: ReadFile): Promise<Graph> {
  const { modelTopology, weightsManifest, signature } = parseModelJson(manifest, await readFile('model.json'));
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  return {
    artifacts: { modelTopology, weightSpecs, ...(signature === undefined ? {} : { signature }) },
    weightFiles: weightsManifest.flatMap((group) => group.paths),
    weightBytes: weightSpecs.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0),
  };
}

/** The weight files' content, in TF.js' order. */
export async function readWeights(
  manifest: Manifest,
  { weightFiles }: Graph,
  readFile: ReadFile,
): Promise<ArrayBuffer[]> {
  const unknown = weightFiles.find((name) => !manifest.files.some((file) => file.name === name));
  if (unknown !== undefined) throw corrupt(manifest, `names the file '${unknown}', which is not in the manifest`);
  return (await Promise.all(weightFiles.map(readFile))).map(ownBuffer);
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
  // Not `slice`: a Buffer's gives a view of the same memory.
  return (whole ? bytes.buffer : new Uint8Array(bytes).buffer) as ArrayBuffer;
}

function corrupt({ model, version }: Manifest, problem: string): ModeletError {
  return new ModeletError('MODEL_CORRUPT', `model.json of ${model}@${version} ${problem}`);
}
