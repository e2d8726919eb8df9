import { exampleSpecs } from '../core/batching.js';
import { shortNested } from './openapi-example.js';
import { examples, type ModelOperation, type ModelParts } from './openapi-model.js';
import { anyObject, arrayOf, byName, type Json, object, oneOfTexts, reference } from './openapi-schema.js';
import { exampleFile, takesFiles } from './openapi-tasks.js';
import { defaultSignature } from './tf-serving-metadata.js';

export const signatureName = { type: 'string', enum: [defaultSignature, ''] };

/** TensorFlow Serving's `:classify`. */
export function classifyOperation(parts: ModelParts): ModelOperation {
  const labels = parts.manifest.task.options.labels as readonly string[];
  return {
    method: 'post',
    suffix: ':classify',
    id: 'tfserving_classify',
    summary: 'Labels and scores of examples, best first',
    body: { 'application/json': { schema: classifyBody(parts), ...examples(classifyExamples(parts)) } },
    answer: object({ results: arrayOf(arrayOf(pair(labels)), { minItems: 1 }) }),
  };
}

const pair = (labels: readonly string[]): Json =>
  arrayOf({ anyOf: [oneOfTexts(labels), { type: 'number' }] }, { minItems: 2, maxItems: 2 });

function classifyBody(parts: ModelParts): Json {
  const specs = exampleSpecs(parts.manifest.signature);
  const forms = [byName(specs), ...(takesFiles(parts.manifest) ? [reference('schemas', 'File')] : [])];
  return object(
    { signature_name: signatureName, context: anyObject, examples: arrayOf({ anyOf: forms }, { minItems: 1 }) },
    ['signature_name', 'context'],
  );
}

function classifyExamples({ manifest, golden }: ModelParts): Readonly<Record<string, unknown>> {
  const file = exampleFile(manifest);
  const features =
    golden === undefined
      ? undefined
      : Object.fromEntries([...golden.example].map(([name, tensor]) => [name, shortNested(tensor)]));
  return {
    ...(file === undefined ? {} : { file: { examples: [{ b64: file }] } }),
    ...(features === undefined ? {} : { features: { examples: [features] } }),
  };
}
