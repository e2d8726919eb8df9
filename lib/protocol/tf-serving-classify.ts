import { exampleSpecs } from '../core/batching.js';
import { describeValue, invalidInput, ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { tensorFromNested } from '../core/nested-numbers.js';
import { elementCount, fitsShape, makeTensor } from '../core/tensor.js';
import type { Service } from '../service.js';
import { bodyLimit, readJsonObject } from './body.js';
import type { HttpResponse } from './http.js';
import { modelJson } from './responses.js';
import type { RouteCall } from './route.js';
import { listOf } from './tf-serving-predict.js';
import { checkSignatureName, parseRow, predictRows, type ReadTensor } from './tf-serving-rows.js';
import { requestedVersion } from './version-ref.js';

type Features = Readonly<Record<string, unknown>>;

/**
 * "Classify API": `examples` → `results` (what TensorFlow Serving writes; its page says `result`), for each example its best
 * labels with their scores, best first. A feature is an input of the model, or the whole example is a file: `{"b64": "…"}`.
 */
export async function classify(service: Service, call: RouteCall): Promise<HttpResponse> {
  const manifest = await requestedVersion(service, call);
  if (!isClassification(manifest)) throw noClassification(manifest);
  const { examples, context, signature_name } = await readJsonObject(call.request);
  checkSignatureName(signature_name);
  const specs = exampleSpecs(manifest.signature);
  const shared = context === undefined ? {} : features(context, 'context');
  checkContext(shared, examples);
  const parse = () =>
    listOf('examples', examples).map((example, index) => {
      const field = `examples[${index}]`;
      return parseRow(specs, merged(shared, features(example, field), field), field, featureTensor);
    });
  const outputs = await predictRows(service, manifest, parse, call.timings, 'examples');
  const results = outputs.map((output) => pairs(service.answer(manifest, output, call.timings), manifest));
  return modelJson(manifest, { results });
}

/** A task that names classes has `labels` among its options. */
export function isClassification({ task }: Manifest): boolean {
  return Array.isArray(task.options.labels);
}

function noClassification({ model, task }: Manifest): ModeletError {
  return new ModeletError('INVALID_REQUEST', `'${model}' is no classification but ${task.name}; :predict serves it`);
}

/** The answer of a classification task → `[[label, score], …]`. */
function pairs({ top }: Features, manifest: Manifest): unknown {
  if (!Array.isArray(top)) throw noClassification(manifest);
  return (top as { label: string; score: number }[]).map(({ label, score }) => [label, score]);
}

function features(value: unknown, field: string): Features {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Features;
  throw invalidInput(field, `expected an object of features, got ${describeValue(value)}`);
}

/** A context stands for a copy of it in each example: written out, they must fit into a body too. */
function checkContext(shared: Features, examples: unknown): void {
  const bytes = JSON.stringify(shared).length * (Array.isArray(examples) ? examples.length : 0);
  if (Object.keys(shared).length === 0 || bytes <= bodyLimit) return;
  throw new ModeletError(
    'PAYLOAD_TOO_LARGE',
    `"context" makes ${bytes} bytes in all examples, the limit is ${bodyLimit}; send fewer examples at once`,
  );
}

/** "Features that appear here [in context] MUST NOT appear in examples". */
function merged(context: Features, example: Features, field: string): Features {
  const twice = Object.keys(context).find((name) => Object.hasOwn(example, name));
  if (twice !== undefined) throw invalidInput(`${field}.${twice}`, 'is in "context" too; give it once');
  return Object.fromEntries([...Object.entries(context), ...Object.entries(example)]);
}

/** TensorFlow's examples hold flat lists; they take the input's shape, where that leaves nothing open. */
const featureTensor: ReadTensor = ({ datatype, shape }, value, field) => {
  const tensor = tensorFromNested(datatype, value, field);
  const isFlat = tensor.shape.length < 2 && !fitsShape(shape, tensor.shape);
  if (!isFlat || shape.includes(-1) || elementCount(shape) !== tensor.data.length) return tensor;
  return makeTensor(datatype, shape, tensor.data);
};
