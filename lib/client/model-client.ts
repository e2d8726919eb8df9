import { decodeAnswer, encodeRequest } from './infer-codec.js';
import { parse } from './parse-answer.js';
import { type LargeOptions, type LargeResult, predictLarge } from './predict-large.js';
import type { Answer, SendOptions } from './send.js';
import type { InputsOf, OutputName, OutputsOf, Signature } from './signature-types.js';

/** One thing to predict: nested numbers, the bytes of a file in base64, or the task's own JSON. */
export type Instance = number | readonly unknown[] | { readonly b64: string } | Readonly<Record<string, unknown>>;

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ModelClient<S extends Signature, Prediction> {
  /**
   * One forward pass on tensors as the network takes them, by Open Inference Protocol V2 in binary.
   * @param outputs the outputs wanted; all of them without it
   * @throws RequestError; TypeError for inputs that are not the signature's
   */
  infer<Wanted extends OutputName<S> = OutputName<S>>(
    inputs: InputsOf<S>,
    options?: CallOptions & { readonly outputs?: readonly Wanted[] },
  ): Promise<{ readonly version: string; readonly outputs: OutputsOf<S, Wanted> }>;
  /** The task's answers to instances, in their order. @throws RequestError */
  predict(
    instances: readonly Instance[],
    options?: CallOptions,
  ): Promise<{ readonly version: string; readonly predictions: readonly Prediction[] }>;
  /** The task's answer to one file: an image, a recording, a text. @throws RequestError */
  predictFile(
    bytes: Uint8Array<ArrayBuffer>,
    mediaType: string,
    options?: CallOptions,
  ): Promise<Prediction & { readonly version: string }>;
  /**
   * Answers to every record of a file too large for a request (JSON lines, CSV, an archive of images or sounds, …): uploads it,
   * waits, and reads the results. What it is told to abort is cancelled at the service too.
   * @param mediaType says how the file is read: `application/jsonl`, `application/zip`, `text/csv`, …
   * @throws RequestError, also where the file can't be read to its end; and from a client that pins a version, as a job
   * is answered by the one that `production` names
   */
  predictLarge(
    file: Uint8Array<ArrayBuffer> | Blob,
    mediaType: string,
    options?: LargeOptions,
  ): Promise<LargeResult<Prediction>>;
}

export type Send = (
  path: string,
  request: Pick<SendOptions, 'method' | 'headers' | 'body' | 'signal'>,
) => Promise<Answer>;

/** @param version pins one; else the alias `production` decides at each call */
export function createModelClient<S extends Signature, Prediction>(
  send: Send,
  model: string,
  signature: S,
  version: string | undefined,
): ModelClient<S, Prediction> {
  const taskPath = `/models/${model}${version === undefined ? '' : `?version=${version}`}`;
  const inferPath = `/v2/models/${model}${version === undefined ? '' : `/versions/${version}`}/infer`;
  const json = { 'content-type': 'application/json' };

  return {
    infer: async (inputs, { outputs, signal } = {}) => {
      const answer = await send(inferPath, { ...encodeRequest(signature, inputs, outputs), signal });
      return decodeAnswer(signature, answer) as never;
    },
    predict: async (instances, { signal } = {}) =>
      parse(await send(taskPath, { headers: json, body: JSON.stringify({ instances }), signal })),
    predictFile: async (bytes, mediaType, { signal } = {}) =>
      parse(await send(taskPath, { headers: { 'content-type': mediaType }, body: bytes, signal })),
    predictLarge: (file, mediaType, options = {}) => predictLarge(send, model, version, file, mediaType, options),
  };
}
