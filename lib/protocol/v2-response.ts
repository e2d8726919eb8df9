import type { Manifest } from '../core/manifest.js';
import type { Tensor, Tensors } from '../core/tensor.js';
import { wireCodec } from '../core/wire-datatypes.js';
import type { HttpResponse } from './http.js';
import { headerLengthName } from './v2-binary.js';
import type { InferRequest } from './v2-request.js';

/** `$inference_response`; the binary outputs' bytes follow the JSON object in the order of the outputs. */
export function inferResponse(
  { model, version }: Pick<Manifest, 'model' | 'version'>,
  { id, outputs }: Pick<InferRequest, 'id' | 'outputs'>,
  results: Tensors,
): HttpResponse {
  const pieces: Uint8Array[] = [];
  const formatted = outputs.map(({ name, binary }) => {
    const { datatype, shape, data } = results.get(name) as Tensor;
    const codec = wireCodec(datatype);
    const head = `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join()}]`;
    if (!binary) return `{${head},"data":${codec.toJson(data)}}`;
    const bytes = codec.toBytes(data);
    pieces.push(bytes);
    return `{${head},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  // Put together as text, because JSON.stringify can't write every number that a codec can.
  const head = `"model_name":"${model}","model_version":"${version}"${id === undefined ? '' : `,"id":${JSON.stringify(id)}`}`;
  const json = `{${head},"outputs":[${formatted.join()}]}`;
  const headers = { 'x-modelet-model': model, 'x-modelet-version': version };
  if (pieces.length === 0) {
    return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: json };
  }
  const object = Buffer.from(json);
  return {
    status: 200,
    headers: { 'content-type': 'application/octet-stream', [headerLengthName]: String(object.length), ...headers },
    body: Buffer.concat([object, ...pieces]),
  };
}
