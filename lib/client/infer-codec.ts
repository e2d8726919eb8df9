import { arrayOf, type Datatype, elementCount } from '../core/tensor.js';
import { RequestError } from './request-error.js';
import type { Answer } from './send.js';
import type { Signature, TensorSpec } from './signature-types.js';

/** Open Inference Protocol V2, binary tensor data extension: the JSON object's length, which the bytes follow. */
const headerLength = 'inference-header-content-length';

interface WireTensor {
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

/**
 * `$inference_request` with all data in binary, asking for the same.
 * @throws TypeError for an input that is missing, of another typed array than the signature says, or of another length
 */
export function encodeRequest(
  { inputs }: Signature,
  tensors: Readonly<Record<string, WireTensor>>,
  outputs: readonly string[] | undefined,
): { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array<ArrayBuffer> } {
  const described = inputs.map(({ name, datatype }) => {
    const { shape, data } = checked(name, datatype, tensors[name]);
    return { name, datatype, shape, parameters: { binary_data_size: data.byteLength } };
  });
  const object = {
    inputs: described,
    parameters: { binary_data_output: true },
    ...(outputs === undefined ? {} : { outputs: outputs.map((name) => ({ name })) }),
  };
  const json = new TextEncoder().encode(JSON.stringify(object));
  const pieces = [json, ...inputs.map(({ name }) => bytesOf((tensors[name] as WireTensor).data))];
  const body = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    body.set(piece, offset);
    offset += piece.length;
  }
  return { headers: { 'content-type': 'application/octet-stream', [headerLength]: String(json.length) }, body };
}

function checked(name: string, datatype: Datatype, tensor: WireTensor | undefined): WireTensor {
  const expected = arrayOf[datatype];
  if (tensor === undefined) throw new TypeError(`input '${name}' is missing`);
  if (!(tensor.data instanceof expected)) throw new TypeError(`input '${name}' is ${datatype}: use ${expected.name}`);
  const count = elementCount(tensor.shape);
  if (tensor.data.length === count) return tensor;
  throw new TypeError(`input '${name}' has ${tensor.data.length} elements, its shape [${tensor.shape}] holds ${count}`);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

interface WireOutput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly parameters: { readonly binary_data_size: number };
}

/** `$inference_response` → tensors by name, each in memory of its own. @throws RequestError for what is no such answer */
export function decodeAnswer(
  { outputs }: Signature,
  { headers, bytes }: Answer,
): { readonly version: string; readonly outputs: Readonly<Record<string, unknown>> } {
  try {
    const length = Number(headers.get(headerLength));
    const answer = JSON.parse(new TextDecoder().decode(bytes.subarray(0, length))) as {
      model_version: string;
      outputs: readonly WireOutput[];
    };
    let offset = length;
    const tensors = answer.outputs.map(({ name, shape, parameters }) => {
      const { datatype } = outputs.find((spec) => spec.name === name) as TensorSpec;
      const start = offset;
      offset += parameters.binary_data_size;
      const data = new arrayOf[datatype](bytes.slice(start, offset).buffer);
      if (data.length !== elementCount(shape)) throw new RangeError(`output '${name}' is not of its shape`);
      return [name, { shape, data }] as const;
    });
    return { version: answer.model_version, outputs: Object.fromEntries(tensors) };
  } catch (cause) {
    const message = "the answer does not fit the signature; compare it with the model's at GET /v2/models/{model}";
    throw new RequestError('UNEXPECTED_ANSWER', message, false, 200, undefined, { cause });
  }
}
