import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import type { Datatype, TensorSpec } from '../core/tensor.js';

/** The name of a SavedModel's signature that serves when none is named: the only one here. */
export const defaultSignature = 'serving_default';

/** Names of `tensorflow.DataType`. */
const dataTypes = { FP32: 'DT_FLOAT', INT32: 'DT_INT32', BOOL: 'DT_BOOL' } as const satisfies Record<Datatype, string>;

/** `GetModelMetadataResponse` as protobuf writes it in JSON: 64-bit sizes are text, and `signature_def` holds a map of that name. */
export function servingMetadata({ model, version, signature }: Manifest): Readonly<Record<string, unknown>> {
  const definition = {
    inputs: tensorInfos(signature.inputs),
    outputs: tensorInfos(signature.outputs),
    method_name: 'tensorflow/serving/predict',
  };
  return {
    model_spec: { name: model, signature_name: '', version },
    metadata: { signature_def: { signature_def: { [defaultSignature]: definition } } },
  };
}

/** `map<string, TensorInfo>` */
function tensorInfos(specs: readonly TensorSpec[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    specs.map(({ name, datatype, shape }) => [
      name,
      {
        dtype: dataTypes[datatype],
        tensor_shape: { dim: shape.map((size) => ({ size: String(size), name: '' })), unknown_rank: false },
        name: `${name}:0`,
      },
    ]),
  );
}

/** The signatures that regress are a SavedModel's own; a graph model of ours has one, which predicts. */
export function refuseRegress(): never {
  throw new ModeletError('NOT_FOUND', ':regress is not served; :predict answers with the same numbers');
}
