import { describeValue, invalidInput, ModeletError } from '../core/errors.js';
import { parseInstances } from '../core/instance.js';
import { nestedFromTensor, tensorFromNested } from '../core/nested-numbers.js';
import type { TensorSpec, Tensors } from '../core/tensor.js';
import type { Service } from '../service.js';
import { readJsonObject } from './body.js';
import type { HttpResponse } from './http.js';
import { modelJson } from './responses.js';
import type { Route, RouteCall } from './route.js';
import { requestedVersion } from './version-ref.js';

const bases = ['/v1/models/{model}', '/v1/models/{model}/versions/{version}', '/v1/models/{model}/labels/{alias}'];

/** TensorFlow Serving's RESTful API: model status and `:predict`, in row (`instances`) and column (`inputs`) form. */
export function tfServingRoutes(service: Service): Route[] {
  return bases.flatMap((base): Route[] => [
    { method: 'GET', path: base, handle: (call) => status(service, call) },
    { method: 'POST', path: `${base}:predict`, handle: (call) => predict(service, call) },
  ]);
}

/** "Model status API". */
async function status(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  const available = { version: manifest.version, state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } };
  return modelJson(manifest, { model_version_status: [available] });
}

/** "Predict API". A file instance is preprocessed by the task; predictions are the network's raw outputs. */
async function predict(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  const { instances, inputs } = await readJsonObject(call.request);
  if ((instances === undefined) === (inputs === undefined)) {
    throw new ModeletError('INVALID_REQUEST', 'the body needs either "instances" (rows) or "inputs" (columns)');
  }
  if (inputs !== undefined) {
    const tensors = call.timings.time('pre', () => columns(manifest.signature.inputs, inputs));
    const outputs = await service.infer(manifest, tensors, call.timings);
    return modelJson(manifest, { outputs: call.timings.time('post', () => nested(outputs)) });
  }
  const rows = parseInstances(instances);
  const outputs = await service.predict(manifest, rows, call.timings, (index) => `instances[${index}]`);
  return modelJson(manifest, { predictions: call.timings.time('post', () => outputs.map(nested)) });
}

/** One input may come without its name. */
function columns(specs: readonly TensorSpec[], inputs: unknown): Tensors {
  const [only] = specs;
  const named = typeof inputs === 'object' && inputs !== null && !Array.isArray(inputs);
  if (only !== undefined && specs.length === 1 && !named) {
    return new Map([[only.name, tensorFromNested(only.datatype, inputs, 'inputs')]]);
  }
  if (!named) throw invalidInput('inputs', `expected an object of named inputs, got ${describeValue(inputs)}`);
  const values = inputs as Record<string, unknown>;
  const unknown = Object.keys(values).find((name) => !specs.some((spec) => spec.name === name));
  if (unknown !== undefined) {
    throw invalidInput(
      'inputs',
      `one name is none of this model's inputs: ${specs.map(({ name }) => name).join(', ')}`,
    );
  }
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
