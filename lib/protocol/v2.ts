import { describeValue, invalidInput, ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { tensorFromFlat } from '../core/nested-numbers.js';
import { elementCount, type Tensor, type Tensors } from '../core/tensor.js';
import type { Service } from '../service.js';
import { readJsonObject } from './body.js';
import type { HttpResponse } from './http.js';
import { modelJson } from './responses.js';
import type { Route, RouteCall } from './route.js';
import { requestedVersion } from './version-ref.js';

/** Open Inference Protocol V2, "HTTP/REST": model metadata, ready and infer, in JSON. */
export function v2Routes(service: Service): Route[] {
  const routes = (base: string): Route[] => [
    { method: 'GET', path: base, handle: (call) => metadata(service, call) },
    { method: 'GET', path: `${base}/ready`, handle: (call) => ready(service, call) },
    { method: 'POST', path: `${base}/infer`, handle: (call) => infer(service, call) },
  ];
  return [...routes('/v2/models/{model}'), ...routes('/v2/models/{model}/versions/{version}')];
}

/** "Model Metadata": `$metadata_model_response`. */
async function metadata(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  const { inputs, outputs } = manifest.signature;
  const versions = await service.registry.versions(service.model);
  return modelJson(manifest, { name: service.model, versions, platform: 'tensorflow_graphmodel_js', inputs, outputs });
}

/** "Model Ready": 200 once the golden check has passed, else 503. */
async function ready(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  try {
    await service.ready(manifest, call.timings);
  } catch (cause) {
    const reason = cause instanceof ModeletError ? cause.message : 'it failed to load';
    throw new ModeletError('MODEL_UNAVAILABLE', `${service.model}@${manifest.version} is not ready: ${reason}`, {
      cause,
    });
  }
  return modelJson(manifest, { name: service.model, ready: true });
}

/** "Inference": `$inference_request` → `$inference_response`. */
async function infer(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  const body = await readJsonObject(call.request);
  const inputs = call.timings.time('pre', () => parseInputs(manifest, body.inputs));
  const id = requestId(body.id);
  const selected = selectOutputs(manifest, body.outputs);
  const outputs = await service.infer(manifest, inputs, call.timings);
  const answer = call.timings.time('post', () => ({
    model_name: manifest.model,
    model_version: manifest.version,
    ...(id === undefined ? {} : { id }),
    outputs: selected.map((name) => formatOutput(name, outputs.get(name) as Tensor)),
  }));
  return modelJson(manifest, answer);
}

function parseInputs(manifest: Manifest, inputs: unknown): Tensors {
  if (!Array.isArray(inputs))
    throw invalidInput('inputs', `expected an array of tensors, got ${describeValue(inputs)}`);
  const specs = manifest.signature.inputs;
  const tensors = new Map<string, Tensor>();
  inputs.forEach((input: unknown, index) => {
    const field = `inputs[${index}]`;
    if (typeof input !== 'object' || input === null)
      throw invalidInput(field, `expected a tensor, got ${describeValue(input)}`);
    const { name, shape, datatype, data } = input as Record<string, unknown>;
    const spec = specs.find((candidate) => candidate.name === name);
    const names = specs.map((candidate) => candidate.name).join(', ');
    if (spec === undefined) throw invalidInput(`${field}.name`, `is none of this model's inputs: ${names}`);
    if (tensors.has(spec.name)) throw invalidInput(`${field}.name`, `'${spec.name}' is given twice`);
    if (datatype !== spec.datatype) throw invalidInput(`${field}.datatype`, `must be ${spec.datatype}`);
    tensors.set(spec.name, tensorFromFlat(spec.datatype, parseShape(shape, `${field}.shape`), data, `${field}.data`));
  });
  return tensors;
}

function parseShape(shape: unknown, field: string): number[] {
  if (!Array.isArray(shape)) throw invalidInput(field, `expected an array of sizes, got ${describeValue(shape)}`);
  const wrong = shape.findIndex((size) => !Number.isSafeInteger(size) || size < 0);
  if (wrong !== -1) throw invalidInput(`${field}[${wrong}]`, 'must be a whole number of 0 or more');
  if (!Number.isSafeInteger(elementCount(shape))) throw invalidInput(field, 'holds more elements than any tensor');
  return shape;
}

function requestId(id: unknown): string | undefined {
  if (id === undefined || typeof id === 'string') return id;
  throw invalidInput('id', `expected text, got ${describeValue(id)}`);
}

/** The names of the outputs wanted, in the order asked for; all of them without `outputs`. */
function selectOutputs({ signature }: Manifest, outputs: unknown): string[] {
  const names = signature.outputs.map(({ name }) => name);
  if (outputs === undefined) return names;
  if (!Array.isArray(outputs)) throw invalidInput('outputs', `expected an array, got ${describeValue(outputs)}`);
  return outputs.map((output: unknown, index) => {
    const name = typeof output === 'object' && output !== null && 'name' in output ? output.name : undefined;
    if (typeof name === 'string' && names.includes(name)) return name;
    throw invalidInput(`outputs[${index}].name`, `is none of this model's outputs: ${names.join(', ')}`);
  });
}

function formatOutput(name: string, { datatype, shape, data }: Tensor): Readonly<Record<string, unknown>> {
  return {
    name,
    datatype,
    shape,
    data: datatype === 'BOOL' ? Array.from(data, (value) => value !== 0) : Array.from(data),
  };
}
