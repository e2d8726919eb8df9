import { exampleSpecs } from '../core/batching.js';
import { describeValue, invalidInput, ModeletError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import type { Manifest } from '../core/manifest.js';
import { nestedFromTensor, tensorFromNested } from '../core/nested-numbers.js';
import { stack, type Tensor, type TensorSpec, type Tensors } from '../core/tensor.js';
import type { Timings } from '../core/timings.js';
import type { Service } from '../service.js';
import { readJsonObject } from './body.js';
import type { HttpResponse } from './http.js';
import { modelJson } from './responses.js';
import type { RouteCall } from './route.js';
import { checkSignatureName, isFile, parseFile, parseRow, predictRows } from './tf-serving-rows.js';
import { requestedVersion } from './version-ref.js';

/**
 * "Predict API": rows (`instances` → `predictions`) or columns (`inputs` → `outputs`). A file is preprocessed by the task;
 * what is predicted are the network's raw outputs.
 */
export async function predict(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  const { instances, inputs, signature_name } = await readJsonObject(call.request);
  checkSignatureName(signature_name);
  if ((instances === undefined) === (inputs === undefined)) {
    throw new ModeletError('INVALID_REQUEST', 'the body needs either "instances" (rows) or "inputs" (columns)');
  }
  const { timings } = call;
  if (inputs !== undefined) {
    const outputs = await predictColumns(service, manifest, inputs, timings);
    return modelJson(manifest, { outputs: timings.time('post', () => nested(outputs)) });
  }
  const specs = exampleSpecs(manifest.signature);
  const parse = () => listOf('instances', instances).map((row, index) => parseRow(specs, row, `instances[${index}]`));
  const outputs = await predictRows(service, manifest, parse, timings, 'instances');
  return modelJson(manifest, { predictions: timings.time('post', () => outputs.map(nested)) });
}

/** @throws INVALID_INPUT for anything but an array of at least one */
export function listOf(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  const one = name.slice(0, -1);
  throw invalidInput(name, `expected an array of at least one ${one}, got ${describeValue(value)}`);
}

async function predictColumns(
  service: Service,
  manifest: Manifest,
  inputs: unknown,
  timings: Timings,
): Promise<Tensors> {
  const { inputs: specs } = manifest.signature;
  const files = timings.time('pre', () => fileColumn(specs, inputs));
  if (files === undefined) {
    const tensors = timings.time('pre', () => columns(specs, inputs));
    return service.infer(manifest, tensors, timings);
  }
  const rows = await service.predict(manifest, files, timings, (index) => `inputs[${index}]`);
  return new Map(manifest.signature.outputs.map(({ name }) => [name, stackAll(rows, name)]));
}

/** The only input as a list of files: in TensorFlow Serving a tensor of strings of shape [count]. */
function fileColumn(specs: readonly TensorSpec[], inputs: unknown): Instance[] | undefined {
  const [only] = specs;
  if (only === undefined || specs.length > 1) return undefined;
  const isNamed = typeof inputs === 'object' && inputs !== null && Object.hasOwn(inputs, only.name);
  const column: unknown = isNamed ? (inputs as Record<string, unknown>)[only.name] : inputs;
  const field = isNamed ? `inputs.${only.name}` : 'inputs';
  if (isFile(specs, column)) throw invalidInput(field, 'expected a list, [{"b64": …}, …], got one file');
  if (!Array.isArray(column) || column.length === 0 || !column.every((value) => isFile(specs, value))) return undefined;
  return column.map((value, index) => parseFile(value, `${field}[${index}]`));
}

function stackAll(rows: readonly Tensors[], name: string): Tensor {
  const outputs = rows.map((row) => row.get(name) as Tensor);
  const shapes = new Set(outputs.map(({ shape }) => shape.join()));
  if (shapes.size === 1) return stack(outputs);
  throw invalidInput('inputs', `output '${name}' differs in shape from file to file; send them as "instances"`);
}

/** One input may come without its name. */
function columns(specs: readonly TensorSpec[], inputs: unknown): Tensors {
  const [only] = specs;
  const named = typeof inputs === 'object' && inputs !== null && !Array.isArray(inputs);
  if (only !== undefined && specs.length === 1 && !named) {
    return new Map([[only.name, tensorFromNested(only.datatype, inputs, 'inputs')]]);
  }
  const names = specs.map(({ name }) => name).join(', ');
  if (!named) throw invalidInput('inputs', `expected an object with each of ${names}, got ${describeValue(inputs)}`);
  const values = inputs as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(values).find((name) => !specs.some((spec) => spec.name === name));
  if (unknown !== undefined) throw invalidInput('inputs', `one name is none of this model's inputs: ${names}`);
  const present = specs.filter(({ name }) => Object.hasOwn(values, name));
  return new Map(
    present.map(({ name, datatype }) => [name, tensorFromNested(datatype, values[name], `inputs.${name}`)]),
  );
}

/** A single output comes without its name. */
function nested(outputs: Tensors): unknown {
  const values = [...outputs].map(([name, output]): [string, unknown] => [name, nestedFromTensor(output)]);
  return values.length === 1 ? values[0]?.[1] : Object.fromEntries(values);
}
