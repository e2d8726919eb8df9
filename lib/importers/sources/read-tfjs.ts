import type { Tensor } from '../../core/tensor.js';
import type { GraphSource } from '../graph/read-graph.js';
import type { KerasModel } from '../keras/keras-model.js';
import { badSource } from './bad-source.js';
import { bindTfjsWeights } from './bind-tfjs-weights.js';
import { buildModel } from './build-model.js';
import { asArray, isObject, type Json } from './json.js';
import { majorOf } from './keras-version.js';
import { readTopology } from './read-topology.js';
import { readShards, type WeightGroup } from './tfjs-shards.js';
import { decodeWeight, type ManifestWeight } from './tfjs-weights.js';

/** What a TF.js `model.json` is; old ones have no `format`. */
export type TfjsKind = 'layers' | 'graph';

/**
 * @param model the parsed file
 * @throws INVALID_INPUT when it is no model of TF.js
 */
export function tfjsKind(model: Json): TfjsKind {
  const topology = model.modelTopology;
  if (isObject(topology) && Array.isArray(topology.node)) return 'graph';
  if (isObject(topology) && ('model_config' in topology || 'class_name' in topology)) return 'layers';
  throw badSource(
    'weightsManifest' in model ? 'the model.json has weights but no modelTopology' : 'the JSON is no model of TF.js',
    'publish the model.json that the converter or model.save() wrote',
  );
}

/** A manifest alone is a list of groups. */
export function isManifestOnly(json: unknown): boolean {
  return Array.isArray(json) && json.some((group) => isObject(group) && 'weights' in group && 'paths' in group);
}

/** @param modelPath beside which the shards are */
export async function readTfjsLayers(modelPath: string, model: Json): Promise<KerasModel> {
  return readLayersTopology(model.modelTopology as Json, await readShards(modelPath, model.weightsManifest ?? []));
}

/**
 * A layers model with its weights.
 * @param topology as tfjs-layers saves it (`{ class_name, config }`) or the converter (`{ model_config, keras_version }`)
 */
export async function readLayersTopology(topology: Json, groups: readonly WeightGroup[]): Promise<KerasModel> {
  const described = isObject(topology.model_config) ? topology.model_config : topology;
  const stated = topology.keras_version;
  const version = typeof stated === 'string' ? stated : 'tfjs-layers';
  const origin = { major: majorOf(version), theano: topology.backend === 'theano' };
  const model = readTopology(described, origin);
  const bytesOf = new Map(groups.flatMap(({ weights, bytes }) => weights.map((weight) => [weight, bytes] as const)));
  const binding = bindTfjsWeights(model, [...bytesOf.keys()], origin);
  return buildModel(model, version, binding, async (weights) => {
    const decoded = weights.map((weight) => {
      const entry = weight as ManifestWeight;
      return [weight, decodeWeight(entry, bytesOf.get(entry) ?? new Uint8Array())] as const;
    });
    return new Map(decoded);
  });
}

/** A graph model, with the signature where the file has one. */
export async function readTfjsGraph(
  modelPath: string,
  model: Json,
): Promise<GraphSource & { userDefinedMetadata?: Json }> {
  const weights = new Map<string, Tensor>();
  for (const group of await readShards(modelPath, model.weightsManifest ?? [])) {
    for (const weight of group.weights) weights.set(weight.name, decodeWeight(weight, group.bytes));
  }
  const metadata = isObject(model.userDefinedMetadata) ? model.userDefinedMetadata : {};
  const signature = [model.signature, metadata.signature].find(isObject) as GraphSource['signature'];
  const keys = metadata.structuredOutputKeys;
  const topology = model.modelTopology as Json;
  const node = asArray(topology.node, 'modelTopology.node') as GraphSource['topology']['node'];
  return {
    topology: { node, ...(topology.library !== undefined && { library: topology.library }) },
    weights,
    ...(signature && { signature }),
    ...(Array.isArray(keys) && keys.every((key) => typeof key === 'string') && { outputKeys: keys as string[] }),
    ...(isObject(model.userDefinedMetadata) && { userDefinedMetadata: model.userDefinedMetadata }),
  };
}
