// What the handlers of the other runtimes share: the AWS SDK's S3 client, the Open Inference Protocol as far as the
// benchmark speaks it, and the stages that they report as modelet does, in `server-timing`.
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';

const { BUCKET, PREFIX } = process.env;
const s3 = new S3Client({ forcePathStyle: true });

/** @param {string} name */
export async function readObject(name) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: PREFIX + name }));
  return Body.transformToByteArray();
}

/** The first input of an infer request, JSON or binary. */
export function readInput({ headers, body }) {
  const bytes = Buffer.from(body, 'base64');
  const length = Number(headers['Inference-Header-Content-Length'] ?? bytes.length);
  const { shape, data } = JSON.parse(bytes.toString('utf8', 0, length)).inputs[0];
  if (data !== undefined) return { shape, data: Float32Array.from(data) };
  return {
    shape,
    data: new Float32Array(bytes.buffer.slice(bytes.byteOffset + length, bytes.byteOffset + bytes.length)),
  };
}

export function answer(shape, values, stages) {
  const output = { name: 'probabilities', datatype: 'FP32', shape, data: [...values] };
  const timing = Object.entries(stages).map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`);
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'server-timing': timing.join(', ') },
    body: JSON.stringify({ model_name: 'network', outputs: [output] }),
  };
}

/** Adds what `work` takes to `stages[name]`. */
export async function timed(stages, name, work) {
  const since = performance.now();
  const result = await work();
  stages[name] = (stages[name] ?? 0) + performance.now() - since;
  return result;
}
