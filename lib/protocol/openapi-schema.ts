import { exampleSpecs } from '../core/batching.js';
import type { Datatype, Signature, TensorSpec } from '../core/tensor.js';

/** A part of an OpenAPI document: JSON Schema 2020-12, or an object of OpenAPI's own. */
export type Json = Readonly<Record<string, unknown>>;

export const text: Json = { type: 'string' };
export const anyObject: Json = { type: 'object' };

export const oneOfTexts = (values: readonly string[]): Json => ({ type: 'string', enum: values });
export const arrayOf = (items: Json, bounds: Json = {}): Json => ({ type: 'array', items, ...bounds });
export const reference = (kind: 'schemas' | 'responses' | 'requestBodies', name: string): Json => ({
  $ref: `#/components/${kind}/${name}`,
});

/** An object whose properties are all required but those named. Others may be there too. */
export function object(properties: Readonly<Record<string, Json>>, optional: readonly string[] = []): Json {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) };
}

const largestFloat = 3.4028234663852886e38;
const numbers = {
  FP32: { type: 'number', format: 'float', minimum: -largestFloat, maximum: largestFloat },
  INT32: { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  BOOL: { type: 'boolean' },
} as const satisfies Record<Datatype, Json>;

export const element = (datatype: Datatype): Json => numbers[datatype];

/** Nested arrays of a tensor's shape; -1 leaves a length open. */
export function nestedArrays({ datatype, shape }: Pick<TensorSpec, 'datatype' | 'shape'>): Json {
  return shape.reduceRight<Json>(
    (items, size) => arrayOf(items, size === -1 ? {} : { minItems: size, maxItems: size }),
    element(datatype),
  );
}

/** An object with a tensor for each spec. */
export function byName(specs: readonly TensorSpec[]): Json {
  return object(Object.fromEntries(specs.map((spec) => [spec.name, nestedArrays(spec)])));
}

/** TensorFlow Serving's habit: a single tensor without its name, several by name. */
export function bareOrByName(specs: readonly TensorSpec[]): Json {
  const [only, ...others] = specs;
  return only !== undefined && others.length === 0 ? nestedArrays(only) : byName(specs);
}

/** What one instance's outputs look like: without the batch axis, where the inputs have one. */
export function rowOutputs(signature: Signature): readonly TensorSpec[] {
  const { inputs, outputs } = signature;
  if (exampleSpecs(signature) === inputs) return outputs;
  return outputs.map((spec) => ({ ...spec, shape: spec.shape.slice(1) }));
}
