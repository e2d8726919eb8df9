export type { LambdaHandler } from './aws/lambda-handler.js';
export { type ErrorCode, invalidInput, ModeletError } from './core/errors.js';
export type { Instance } from './core/instance.js';
export { defineTask, type Task, type TaskContext, type TaskDefinition } from './core/task.js';
export {
  type Datatype,
  makeTensor,
  type Signature,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from './core/tensor.js';
export { serveCatalog, serveModel } from './serve-model.js';
export { audioClassification } from './tasks/audio-classification.js';
export { forecast } from './tasks/forecast.js';
export { imageClassification } from './tasks/image-classification.js';
export { tensor } from './tasks/tensor.js';
export { textClassification } from './tasks/text-classification.js';
