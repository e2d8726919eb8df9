import { exampleSpecs } from '../core/batching.js';
import type { Manifest } from '../core/manifest.js';
import { bareExample } from './openapi-example.js';
import { type Description, describeRoutes, examples, type ModelParts } from './openapi-model.js';
import { anyObject, arrayOf, type Json, nestedArrays, object, reference, text } from './openapi-schema.js';
import { exampleFile, taskShape } from './openapi-tasks.js';

/** `/models/{model}`: the card, and a prediction through the task. */
export function describeTaskRoute(parts: ModelParts): Description {
  const { manifest } = parts;
  const { mediaTypes, answer, ofFiles } = taskShape(manifest);
  const fields = answer(manifest);
  const named = { model: { const: manifest.model }, version: text };
  return describeRoutes(
    parts,
    '/models',
    [],
    [
      {
        method: 'get',
        suffix: '',
        id: 'card',
        summary: 'What the model takes and how good it is',
        answer: reference('schemas', 'ModelCard'),
      },
      {
        method: 'post',
        suffix: '',
        id: 'task',
        summary: manifest.description ?? `Predict with ${manifest.model}`,
        body: {
          'application/json': { schema: taskBody(manifest), ...examples(taskExamples(parts)) },
          ...Object.fromEntries(mediaTypes.map((type) => [type, {}])),
        },
        answer: {
          anyOf: [
            object({ ...named, ...fields }, ofFiles),
            object({ ...named, predictions: arrayOf(object(fields, ofFiles), { minItems: 1 }) }),
          ],
        },
      },
    ],
  );
}

function taskExamples({ manifest, golden }: ModelParts): Readonly<Record<string, unknown>> {
  const file = exampleFile(manifest);
  const fields = taskShape(manifest).example?.(manifest);
  const numbers = golden === undefined ? undefined : bareExample(golden.example);
  return {
    ...(file === undefined ? {} : { file: { b64: file } }),
    ...(fields === undefined ? {} : { fields }),
    ...(numbers === undefined ? {} : { numbers, instances: { instances: [numbers] } }),
  };
}

/** One instance, or `{"instances": […]}`. */
function taskBody(manifest: Manifest): Json {
  const { mediaTypes, instance } = taskShape(manifest);
  const specs = exampleSpecs(manifest.signature);
  const [only] = specs;
  const forms = [
    ...(mediaTypes.length === 0 ? [] : [reference('schemas', 'File')]),
    ...(instance === undefined ? [] : [instance(manifest)]),
    ...(only === undefined || specs.length > 1 ? [] : [nestedArrays(only)]),
  ];
  return { anyOf: [...forms, object({ instances: arrayOf({ anyOf: forms }, { minItems: 1 }) })] };
}

export const modelCardSchema: Json = object(
  {
    model: text,
    version: text,
    description: text,
    task: text,
    signature: anyObject,
    labels: arrayOf(text),
    metrics: { type: 'object', additionalProperties: { type: 'number' } },
    licence: text,
    source: anyObject,
    created: { type: 'string', format: 'date-time' },
    accepts: arrayOf(text),
    example: anyObject,
  },
  ['description', 'labels', 'licence'],
);
