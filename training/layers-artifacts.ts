import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

/** What a layers model would save: topology and weights, in memory. */
export async function artifactsOf(model: tfl.Sequential): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts = {};
  const keep: tf.io.SaveHandler = async (saved) => {
    artifacts = saved;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  };
  await model.save(tf.io.withSaveHandler(keep));
  return artifacts;
}
