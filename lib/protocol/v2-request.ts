import { describeValue, invalidInput } from '../core/errors.js';
import type { Signature, Tensor, Tensors } from '../core/tensor.js';
import { parseJsonObject } from './body.js';
import { binaryData } from './v2-binary.js';
import { parseInput, parseRawInput } from './v2-input.js';
import { holdsLargeIntegers, withExactIntegers } from './v2-integers.js';
import { booleanParameter, parseParameters } from './v2-parameters.js';

/** `$inference_request`, read against a signature. */
export interface InferRequest {
  readonly id: string | undefined;
  readonly inputs: Tensors;
  /** The outputs wanted, in the order asked for. */
  readonly outputs: readonly WantedOutput[];
}

export interface WantedOutput {
  readonly name: string;
  /** Binary tensor data extension: as bytes behind the JSON object. */
  readonly binary: boolean;
}

/**
 * A request with a JSON object, and the binary data that may follow it.
 * @throws INVALID_REQUEST, INVALID_INPUT
 */
export async function parseRequest(signature: Signature, json: Uint8Array, binary: Uint8Array): Promise<InferRequest> {
  const body = parseJsonObject(json);
  const { inputs } = body;
  if (!Array.isArray(inputs)) {
    throw invalidInput('inputs', `expected an array of tensors, got ${describeValue(inputs)}`);
  }
  const exact = holdsLargeIntegers(inputs) ? await withExactIntegers(json, inputs) : inputs;
  const binaryOutputs = booleanParameter(
    parseParameters(body.parameters, 'parameters'),
    'binary_data_output',
    'parameters',
  );
  return {
    id: parseId(body.id),
    inputs: parseInputs(signature, exact, binary),
    outputs: parseOutputs(signature, body.outputs, binaryOutputs ?? false),
  };
}

/**
 * A raw request: nothing but the data of the model's only input; every output comes in binary.
 * @throws INVALID_INPUT
 */
export function parseRawRequest({ inputs, outputs }: Signature, bytes: Uint8Array): InferRequest {
  const [spec, ...others] = inputs;
  if (spec === undefined || others.length > 0) {
    const names = inputs.map(({ name }) => name).join(', ');
    throw invalidInput('body', `raw data is for models with one input, this one has ${names}; send a JSON object too`);
  }
  return {
    id: undefined,
    inputs: new Map([[spec.name, parseRawInput(spec, bytes)]]),
    outputs: outputs.map(({ name }) => ({ name, binary: true })),
  };
}

function parseInputs(signature: Signature, inputs: readonly unknown[], bytes: Uint8Array): Tensors {
  const binary = binaryData(bytes);
  const tensors = new Map<string, Tensor>();
  inputs.forEach((input: unknown, index) => {
    const field = `inputs[${index}]`;
    const fields = parseObject(input, field, 'a tensor');
    const spec = byName(signature.inputs, fields.name, `${field}.name`, 'inputs');
    if (tensors.has(spec.name)) throw invalidInput(`${field}.name`, `'${spec.name}' is given twice`);
    tensors.set(spec.name, parseInput(fields, spec, binary, field));
  });
  binary.end();
  return tensors;
}

/** All outputs when none are named; an output's own `binary_data` goes before the request's `binary_data_output`. */
function parseOutputs(signature: Signature, outputs: unknown, binary: boolean): WantedOutput[] {
  const all = signature.outputs.map(({ name }) => ({ name, binary }));
  if (outputs === undefined || outputs === null) return all;
  if (!Array.isArray(outputs)) throw invalidInput('outputs', `expected an array, got ${describeValue(outputs)}`);
  if (outputs.length === 0) return all;
  const seen = new Set<string>();
  return outputs.map((output: unknown, index) => {
    const field = `outputs[${index}]`;
    const fields = parseObject(output, field, 'an output');
    const { name } = byName(signature.outputs, fields.name, `${field}.name`, 'outputs');
    if (seen.has(name)) throw invalidInput(`${field}.name`, `'${name}' is asked for twice`);
    seen.add(name);
    const parameters = parseParameters(fields.parameters, `${field}.parameters`);
    return { name, binary: booleanParameter(parameters, 'binary_data', `${field}.parameters`) ?? binary };
  });
}

function byName<T extends { readonly name: string }>(
  known: readonly T[],
  name: unknown,
  field: string,
  what: string,
): T {
  const found = known.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  throw invalidInput(field, `is none of this model's ${what}: ${known.map((candidate) => candidate.name).join(', ')}`);
}

function parseObject(value: unknown, field: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidInput(field, `expected ${what}, got ${describeValue(value)}`);
}

function parseId(id: unknown): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (typeof id === 'string') return id;
  throw invalidInput('id', `expected text, got ${describeValue(id)}`);
}
