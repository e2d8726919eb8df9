import { largestDifference } from '../../lib/core/difference.js';
import type { Golden } from '../../lib/core/stored-tensor.js';
import { makeTensor, type Tensor } from '../../lib/core/tensor.js';
import { readAnswer, restEvent } from '../../test/support/api-events.js';

/** Largest difference of an answer, relative to the largest of the right numbers. */
const tolerance = 1e-4;

/** One request of the Open Inference Protocol V2 by API Gateway, and what is right for it: the version's golden example. */
export interface Question {
  readonly event: unknown;
  /** The body of an answer, for those who compute nothing. */
  readonly answer: string;
  /** @returns the stages that the answer's `server-timing` tells, ms @throws Error unless it is the right answer */
  check(result: unknown): ReadonlyMap<string, number>;
}

/** @param binary carries the tensor as bytes, as befits a large one; the answer is JSON */
export function questionOf(model: string, golden: Golden, binary: boolean): Question {
  const [[name, input]] = [...golden.inputs] as [[string, Tensor]];
  const [[outputName, expected]] = [...golden.outputs] as [[string, Tensor]];
  const { datatype, shape, data } = input;
  const spec = { name, datatype, shape };
  const target = `/v2/models/${model}/infer`;
  const post = (body: Buffer, headers: Record<string, string>) => restEvent({ method: 'POST', target, headers, body });
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const header = JSON.stringify({ inputs: [{ ...spec, parameters: { binary_data_size: bytes.length } }] });
  const event = binary
    ? post(Buffer.concat([Buffer.from(header), bytes]), {
        'Content-Type': 'application/octet-stream',
        'Inference-Header-Content-Length': String(header.length),
      })
    : post(Buffer.from(JSON.stringify({ inputs: [{ ...spec, data: [...data] }] })), {
        'Content-Type': 'application/json',
      });
  const output = { name: outputName, datatype: expected.datatype, shape: expected.shape, data: [...expected.data] };
  const largest = Math.max(...[...expected.data].map(Math.abs));
  return {
    event,
    answer: JSON.stringify({ model_name: model, outputs: [output] }),
    check: (result) => {
      const { status, headers, body } = readAnswer(result);
      const text = body.toString('utf8');
      if (status !== 200) throw new Error(`${model} answered ${status}: ${text.slice(0, 300)}`);
      const { data: given } = (JSON.parse(text) as { outputs: [{ data: number[] }] }).outputs[0];
      const actual = makeTensor('FP32', expected.shape, Float32Array.from(given));
      const { absolute } = largestDifference(actual, expected);
      if (!(absolute <= tolerance * largest)) throw new Error(`${model} answered wrongly, by ${absolute}`);
      return readTiming(headers['server-timing'] ?? '');
    },
  };
}

/** `load;dur=12.3, infer;dur=4` → names and milliseconds. */
function readTiming(header: string): ReadonlyMap<string, number> {
  const found = header.matchAll(/([\w-]+);dur=([\d.]+)/g);
  return new Map([...found].map(([, name, ms]) => [name as string, Number(ms)]));
}
