import { answer, readInput, readObject, timed } from './peer.mjs';

/** `loadLayersModel` from S3. */
export async function layersFromS3(tf, stages) {
  const { modelTopology, weightsManifest } = await timed(stages, 'manifest', async () =>
    JSON.parse(Buffer.from(await readObject('model.json')).toString('utf8')),
  );
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const [{ buffer: weightData }] = await timed(stages, 'weights', () =>
    Promise.all(weightsManifest.flatMap(({ paths }) => paths.map(readObject))),
  );
  const artifacts = { modelTopology, weightSpecs, weightData };
  return timed(stages, 'model', () => tf.loadLayersModel({ load: async () => artifacts }));
}

export async function predict(tf, model, event, stages) {
  const { shape, data } = readInput(event);
  const output = await timed(stages, 'predict', async () => {
    const result = tf.tidy(() => model.predict(tf.tensor(data, shape)));
    return { shape: result.shape, values: await result.data() };
  });
  return answer(output.shape, output.values, stages);
}
