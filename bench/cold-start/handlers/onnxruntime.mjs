// onnxruntime-node as its documentation has it: the file from S3, a session of its bytes, one run.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { answer, readInput, readObject, timed } from './peer.mjs';

const stages = {};
let loading;

async function load() {
  const bytes = await timed(stages, 'weights', () => readObject('model.onnx'));
  return timed(stages, 'model', () => InferenceSession.create(bytes));
}

export const handler = async (event) => {
  loading ??= load();
  const session = await loading;
  const { shape, data } = readInput(event);
  const { probabilities } = await timed(stages, 'predict', () =>
    session.run({ image: new Tensor('float32', data, shape) }),
  );
  return answer(probabilities.dims, probabilities.data, stages);
};
