import { describeValue, invalidInput } from './errors.js';

/** One thing to predict, as it came in. */
export type Instance =
  /** The bytes of a file: an image, a recording, a text. */
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  /** Nested numbers: the tensor as the network takes it, one example without the batch axis. */
  | { readonly kind: 'numbers'; readonly value: unknown }
  /** The task's own JSON, e.g. `{"text": "…"}`. */
  | { readonly kind: 'fields'; readonly value: Readonly<Record<string, unknown>> };

/**
 * A JSON instance: `{"b64": "…"}` is a file, an array or a number is a tensor, any other object is the task's own.
 * @param field where it stands in the request, for messages
 * @throws INVALID_INPUT
 */
export function parseInstance(value: unknown, field: string): Instance {
  if (Array.isArray(value) || typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'numbers', value };
  if (typeof value !== 'object' || value === null) {
    throw invalidInput(field, `expected nested numbers, {"b64": …} or an object, got ${describeValue(value)}`);
  }
  if (!('b64' in value)) return { kind: 'fields', value: value as Record<string, unknown> };
  if (typeof value.b64 !== 'string')
    throw invalidInput(`${field}.b64`, `expected base64 text, got ${describeValue(value.b64)}`);
  // What stands beside a file would be passed over: a horizon, an id.
  if (Object.keys(value).length > 1) throw invalidInput(field, 'has a field beside b64; leave it out');
  return { kind: 'file', bytes: decodeBase64(value.b64, `${field}.b64`) };
}

/** The `instances` of a request: at least one. @throws INVALID_INPUT */
export function parseInstances(instances: unknown): Instance[] {
  if (!Array.isArray(instances) || instances.length === 0) {
    throw invalidInput('instances', `expected an array of at least one instance, got ${describeValue(instances)}`);
  }
  return instances.map((instance, index) => parseInstance(instance, `instances[${index}]`));
}

/** Strict: Buffer.from would skip over anything that is not base64. */
function decodeBase64(text: string, field: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  const expected = Math.floor((text.replace(/=+$/, '').length * 3) / 4);
  if (bytes.length !== expected || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw invalidInput(field, 'is not base64');
  return bytes;
}
