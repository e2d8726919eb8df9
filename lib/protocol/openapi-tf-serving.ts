import { exampleSpecs } from '../core/batching.js';
import { bareExample } from './openapi-example.js';
import { type Description, describeRoutes, examples, type ModelParts } from './openapi-model.js';
import {
  anyObject,
  arrayOf,
  bareOrByName,
  byName,
  type Json,
  object,
  oneOfTexts,
  reference,
  rowOutputs,
  text,
} from './openapi-schema.js';
import { exampleFile, takesFiles } from './openapi-tasks.js';
import { classifyOperation, signatureName } from './openapi-tf-classify.js';
import { isClassification } from './tf-serving-classify.js';

/** `/v1/models/{model}`: TensorFlow Serving's REST API. */
export function describeTfServing(parts: ModelParts): Description {
  const { manifest } = parts;
  return describeRoutes(
    parts,
    '/v1/models',
    ['versions', 'labels'],
    [
      {
        method: 'get',
        suffix: '',
        id: 'tfserving_status',
        summary: 'Model status',
        answer: reference('schemas', 'ServingStatus'),
      },
      {
        method: 'get',
        suffix: '/metadata',
        id: 'tfserving_metadata',
        summary: 'The signature as a SavedModel has it',
        answer: reference('schemas', 'ServingMetadata'),
      },
      {
        method: 'post',
        suffix: ':predict',
        id: 'tfserving_predict',
        summary: 'Raw outputs for rows (`instances`) or columns (`inputs`)',
        body: { 'application/json': { schema: predictBody(parts), ...examples(predictExamples(parts)) } },
        answer: predictAnswer(parts),
      },
      ...(isClassification(manifest) ? [classifyOperation(parts)] : []),
    ],
  );
}

function predictBody(parts: ModelParts): Json {
  const { manifest } = parts;
  const { signature } = manifest;
  const specs = exampleSpecs(signature);
  const file = reference('schemas', 'File');
  const rows = [
    bareOrByName(specs),
    ...(specs.length === 1 ? [byName(specs)] : []),
    ...(takesFiles(manifest) ? [file] : []),
  ];
  const columns = [
    bareOrByName(signature.inputs),
    ...(specs.length === 1 ? [byName(signature.inputs)] : []),
    ...(takesFiles(manifest) ? [arrayOf(file, { minItems: 1 })] : []),
  ];
  const named = { signature_name: signatureName };
  return {
    oneOf: [
      object({ ...named, instances: arrayOf({ anyOf: rows }, { minItems: 1 }) }, ['signature_name']),
      object({ ...named, inputs: { anyOf: columns } }, ['signature_name']),
    ],
  };
}

function predictExamples(parts: ModelParts): Readonly<Record<string, unknown>> {
  const { manifest, golden } = parts;
  const file = exampleFile(manifest);
  return {
    ...(golden === undefined
      ? {}
      : { rows: { instances: [bareExample(golden.example)] }, columns: { inputs: bareExample(golden.batch) } }),
    ...(file === undefined ? {} : { file: { instances: [{ b64: file }] } }),
  };
}

function predictAnswer({ manifest: { signature } }: ModelParts): Json {
  return {
    anyOf: [
      object({ predictions: arrayOf(bareOrByName(rowOutputs(signature)), { minItems: 1 }) }),
      object({ outputs: bareOrByName(signature.outputs) }),
    ],
  };
}

export const servingSchemas: Readonly<Record<string, Json>> = {
  ServingStatus: object({
    model_version_status: arrayOf(
      object({
        version: text,
        state: oneOfTexts(['AVAILABLE', 'END']),
        status: object({ error_code: text, error_message: text }),
      }),
      { minItems: 1 },
    ),
  }),
  ServingMetadata: object({
    model_spec: object({ name: text, signature_name: text, version: text }),
    metadata: object({ signature_def: object({ signature_def: anyObject }) }),
  }),
};
