import { checkInputs, runExamples } from '../core/batching.js';
import { describeValue, invalidInput } from '../core/errors.js';
import { type Instance, parseInstance } from '../core/instance.js';
import type { Manifest } from '../core/manifest.js';
import { tensorFromNested } from '../core/nested-numbers.js';
import type { Tensor, TensorSpec, Tensors } from '../core/tensor.js';
import type { Timings } from '../core/timings.js';
import type { Service } from '../service.js';
import { defaultSignature } from './tf-serving-metadata.js';

type File = Extract<Instance, { kind: 'file' }>;

/** One example: the network's inputs by name, without the batch axis, or a file that the task preprocesses. */
export type Row = File | Tensors;

/** A JSON value as the tensor of one input. */
export type ReadTensor = (spec: TensorSpec, value: unknown, field: string) => Tensor;

export const nestedTensor: ReadTensor = ({ datatype }, value, field) => tensorFromNested(datatype, value, field);

/** `{"b64": "…"}`, unless the model has an input of that name. */
export function isFile(specs: readonly TensorSpec[], value: unknown): boolean {
  const named = typeof value === 'object' && value !== null && !Array.isArray(value);
  return named && Object.hasOwn(value, 'b64') && !specs.some(({ name }) => name === 'b64');
}

/** @throws INVALID_INPUT */
export const parseFile = (value: unknown, field: string): File => parseInstance(value, field) as File;

/**
 * An element of `instances`: a file, an object with each input by name, or the value of the only input, of the right shape.
 * @throws INVALID_INPUT
 */
export function parseRow(specs: readonly TensorSpec[], value: unknown, field: string, read = nestedTensor): Row {
  const [only, ...others] = specs;
  if (isFile(specs, value)) return parseFile(value, field);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const inputs = value as Readonly<Record<string, unknown>>;
    if (only !== undefined && others.length === 0 && Object.hasOwn(inputs, only.name)) {
      const content = inputs[only.name];
      if (Object.keys(inputs).length === 1 && isFile(specs, content))
        return parseFile(content, `${field}.${only.name}`);
    }
    return namedTensors(specs, inputs, field, read);
  }
  if (typeof value !== 'number' && typeof value !== 'boolean' && !Array.isArray(value)) {
    throw invalidInput(field, `expected nested numbers, {"b64": …} or an object, got ${describeValue(value)}`);
  }
  if (only === undefined || others.length > 0) {
    throw invalidInput(field, `expected an object with each of ${namesOf(specs)}, got ${describeValue(value)}`);
  }
  return checked(specs, new Map([[only.name, read(only, value, field)]]), field);
}

/** At once, so that a million wrong rows cost no more than the first. */
function checked(specs: readonly TensorSpec[], tensors: Tensors, field: string): Tensors {
  checkInputs(specs, tensors, field);
  return tensors;
}

/** Inputs by name: all of the model's, and no others. */
function namedTensors(
  specs: readonly TensorSpec[],
  inputs: Readonly<Record<string, unknown>>,
  field: string,
  read: ReadTensor,
): Tensors {
  const unknown = Object.keys(inputs).find((key) => !specs.some(({ name }) => name === key));
  if (unknown !== undefined) throw invalidInput(`${field}.${unknown}`, `no such input; there are ${namesOf(specs)}`);
  const present = specs.filter(({ name }) => Object.hasOwn(inputs, name));
  const tensors = new Map(present.map((spec) => [spec.name, read(spec, inputs[spec.name], `${field}.${spec.name}`)]));
  return checked(specs, tensors, field);
}

/** Runs rows, all of one kind as TensorFlow Serving wants it. @returns each row's raw outputs, without the batch axis */
export async function predictRows(
  service: Service,
  manifest: Manifest,
  parse: () => readonly Row[],
  timings: Timings,
  list: string,
): Promise<Tensors[]> {
  const field = (index: number) => `${list}[${index}]`;
  const rows = timings.time('pre', parse);
  const files = rows.filter((row): row is File => !(row instanceof Map));
  if (files.length === rows.length) return service.predict(manifest, files, timings, field);
  if (files.length > 0) throw invalidInput(list, 'some are files ({"b64": …}) and some are numbers; send them apart');
  const examples = rows as readonly Tensors[];
  return runExamples(manifest.signature, examples, (batch) => service.infer(manifest, batch, timings));
}

/** @throws INVALID_INPUT for a signature that this model doesn't have */
export function checkSignatureName(name: unknown): void {
  // As in protobuf, absent and '' are the same.
  if (name === undefined || name === '' || name === defaultSignature) return;
  throw invalidInput('signature_name', `this model has one signature, "${defaultSignature}"`);
}

const namesOf = (specs: readonly TensorSpec[]): string => specs.map(({ name }) => name).join(', ');
