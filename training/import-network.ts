import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { readLayersTopology } from '../lib/importers/sources/read-tfjs.js';
import { readManifestWeights } from '../lib/importers/sources/tfjs-weights.js';
import { importKeras } from '../lib/publishing/import-keras.js';
import type { ImportedModel } from '../lib/publishing/imported-model.js';

/** A network in memory, brought to the served form as `modelet publish` brings a file. */
export async function importNetwork(model: tfl.LayersModel): Promise<ImportedModel> {
  const { modelTopology, weightSpecs = [], weightData = [] } = await artifactsOf(model);
  const bytes = Buffer.concat([weightData].flat().map((part) => new Uint8Array(part)));
  const weights = readManifestWeights(weightSpecs, new Set());
  const network = await readLayersTopology(modelTopology as never, [{ weights, bytes }]);
  return importKeras(network, 'tfjs-layers');
}

/** What the model would save: topology and weights, in memory. */
async function artifactsOf(model: tfl.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts = {};
  const keep: tf.io.SaveHandler = async (saved) => {
    artifacts = saved;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  };
  await model.save(tf.io.withSaveHandler(keep));
  return artifacts;
}
