import type { TensorSpec } from '../core/tensor.js';
import { isConvertible, type WireDatatype, wireCodecs } from '../core/wire-datatypes.js';
import { shortNested } from './openapi-example.js';
import { type Description, describeRoutes, examples, type ModelParts } from './openapi-model.js';
import { anyObject, arrayOf, element, type Json, object, oneOfTexts, reference, text } from './openapi-schema.js';

const datatypes = Object.keys(wireCodecs) as WireDatatype[];

/** `/v2/models/{model}`: Open Inference Protocol V2. */
export function describeV2(parts: ModelParts): Description {
  return describeRoutes(
    parts,
    '/v2/models',
    ['versions'],
    [
      {
        method: 'get',
        suffix: '',
        id: 'v2_metadata',
        summary: 'Model metadata',
        answer: reference('schemas', 'V2Model'),
      },
      {
        method: 'get',
        suffix: '/ready',
        id: 'v2_ready',
        summary: 'Loads the model if needed; 200 once it has passed its golden check',
        answer: object({ name: text, ready: { const: true } }),
      },
      {
        method: 'post',
        suffix: '/infer',
        id: 'v2_infer',
        summary: 'Inference on raw tensors, in JSON or with the binary tensor data extension',
        parameters: [headerLength],
        body: {
          'application/json': { schema: request(parts), ...examples(requestExamples(parts)) },
          'application/octet-stream': {},
        },
        answer: response(parts),
        answersBytes: true,
      },
    ],
  );
}

const headerLength: Json = {
  name: 'Inference-Header-Content-Length',
  in: 'header',
  description: 'Bytes of JSON at the start of a body with binary tensor data; without it the body is JSON',
  schema: { type: 'integer', minimum: 0 },
};

const parameters: Json = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
};

/** "$inference_request" */
function request({ manifest: { signature } }: ModelParts): Json {
  const { inputs, outputs } = signature;
  const output = object({ name: oneOfTexts(outputs.map(({ name }) => name)), parameters }, ['parameters']);
  return object(
    {
      id: text,
      parameters,
      inputs: arrayOf({ anyOf: inputs.map(requestInput) }, { minItems: inputs.length, maxItems: inputs.length }),
      outputs: arrayOf(output),
    },
    ['id', 'parameters', 'outputs'],
  );
}

/** "$request_input": of the signature's datatype, or of one whose values are its too. Data is flat or nested. */
function requestInput({ name, datatype, shape }: TensorSpec): Json {
  return object(
    {
      name: { const: name },
      datatype: oneOfTexts(datatypes.filter((other) => isConvertible(other, datatype))),
      shape: sizes(shape),
      data: arrayOf({ anyOf: [element(datatype), { type: 'array' }] }),
      parameters,
    },
    ['parameters', 'data'],
  );
}

/** Not `prefixItems`, which would say each size: generators and validators for OpenAPI still trip over it. */
const sizes = ({ length }: readonly number[]): Json =>
  arrayOf({ type: 'integer', minimum: 0 }, { minItems: length, maxItems: length });

/** "$inference_response" */
function response({ manifest: { model, signature } }: ModelParts): Json {
  return object(
    {
      model_name: { const: model },
      model_version: text,
      id: text,
      parameters,
      outputs: arrayOf({ anyOf: signature.outputs.map(responseOutput) }),
    },
    ['id', 'parameters'],
  );
}

function responseOutput({ name, datatype, shape }: TensorSpec): Json {
  return object(
    {
      name: { const: name },
      datatype: { const: datatype },
      shape: sizes(shape),
      data: arrayOf(element(datatype)),
      parameters,
    },
    ['parameters'],
  );
}

function requestExamples({ golden }: ModelParts): Readonly<Record<string, unknown>> {
  if (golden === undefined) return {};
  const inputs = [...golden.batch].map(([name, tensor]) => ({
    name,
    datatype: tensor.datatype,
    shape: tensor.shape,
    data: shortNested(tensor),
  }));
  return { golden: { id: '1', inputs } };
}

const tensorMetadata = object({ name: text, datatype: text, shape: arrayOf({ type: 'integer' }) });

export const v2Schemas: Readonly<Record<string, Json>> = {
  V2Model: object(
    {
      name: text,
      versions: arrayOf(text),
      platform: text,
      inputs: arrayOf(tensorMetadata),
      outputs: arrayOf(tensorMetadata),
      parameters: anyObject,
    },
    ['versions', 'parameters'],
  ),
};
