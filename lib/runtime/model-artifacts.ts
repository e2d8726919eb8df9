import type * as tf from '@tensorflow/tfjs-core';
import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import type { VersionFiles } from '../core/version-files.js';

/** A version's graph, and what its weights will be; they are not read with it. */
export interface Graph {
  readonly artifacts: Pick<tf.io.ModelArtifacts, 'signature'> & { readonly modelTopology: object };
  readonly weightSpecs: readonly tf.io.WeightsManifestEntry[];
  /** In the order in which the weights lie in them. */
  readonly weightFiles: readonly string[];
}

/**
 * Reads a graph.
 * @throws MODEL_CORRUPT when model.json is not a graph model's
 */
export async function readGraph(manifest: Manifest, files: VersionFiles): Promise<Graph> {
  const { modelTopology, weightsManifest, signature } = parseModelJson(manifest, await files.read('model.json'));
  return {
    artifacts: { modelTopology, ...(signature === undefined ? {} : { signature }) },
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightFiles: weightsManifest.flatMap((group) => group.paths),
  };
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

/** Of all nodes, also those of functions; what is no graph has none, and TF.js says so later. */
export function opsOf(topology: object): string[] {
  const { node, library } = topology as { node?: unknown; library?: { function?: unknown } };
  const functions = list(library?.function).flatMap((body) => list((body as { nodeDef?: unknown } | null)?.nodeDef));
  return [...list(node), ...functions].map((entry) => String((entry as { op?: unknown } | null)?.op));
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What is wrong with a version's model.json. */
export function corrupt({ model, version }: Manifest, problem: string): ModeletError {
  return new ModeletError('MODEL_CORRUPT', `model.json of ${model}@${version} ${problem}`);
}
