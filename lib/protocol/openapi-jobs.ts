import { jobMediaTypes } from '../jobs/media-types.js';
import type { Description, ModelParts } from './openapi-model.js';
import { operation } from './openapi-operation.js';
import { anyObject, type Json, object, oneOfTexts, reference, text } from './openapi-schema.js';

/** `/models/{model}/jobs`: work too large for a request. */
export function describeJobs({ manifest: { model } }: ModelParts): Description {
  const path = `/models/${model}/jobs`;
  const tag = model;
  const job = reference('schemas', 'Job');
  const ofJob = { tag, parameters: [jobId] };
  return {
    paths: {
      [path]: {
        post: operation({
          id: `${model}_job_start`,
          tag,
          summary: 'Start a job: the answer has the address that takes the upload, and the headers to send there',
          requestBody: reference('requestBodies', 'JobRequest'),
          status: 202,
          answer: job,
        }),
      },
      [`${path}/{id}`]: {
        get: operation({ ...ofJob, id: `${model}_job`, summary: 'How far a job is, and its results', answer: job }),
        delete: operation({
          ...ofJob,
          id: `${model}_job_remove`,
          summary: 'Cancel a job, and remove its upload and its results',
          status: 204,
        }),
      },
    },
    requestBodies: {
      JobRequest: {
        required: true,
        content: {
          'application/json': { schema: reference('schemas', 'JobRequest'), examples: { lines: { value: example } } },
        },
      },
    },
  };
}

const example = { bytes: 52_428_800, contentType: 'application/jsonl' };

const jobId: Json = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'As the start of the job answered it',
  schema: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  example: '00000000000000000000000000000000',
};

const count: Json = { type: 'integer', minimum: 0 };
const time: Json = { type: 'string', format: 'date-time' };

export const jobSchemas: Readonly<Record<string, Json>> = {
  JobRequest: {
    ...object(
      {
        bytes: { type: 'integer', minimum: 1, description: 'Of the upload, exactly; more than 5 GiB are a 413' },
        // Not an enum: what it lacks is a 415, where generators of requests expect a 400.
        contentType: { type: 'string', description: `One of ${Object.keys(jobMediaTypes).join(', ')}` },
        clientToken: {
          type: 'string',
          minLength: 1,
          maxLength: 128,
          description: 'Makes it safe to send this again: the same token is the same job',
        },
      },
      ['clientToken'],
    ),
    additionalProperties: false,
  },
  Job: object(
    {
      id: text,
      state: oneOfTexts(['waiting', 'running', 'done', 'failed']),
      upload: object({
        method: { const: 'PUT' },
        url: text,
        headers: { type: 'object', additionalProperties: text, description: 'Signed: send them as they are' },
      }),
      progress: { type: 'number', minimum: 0, maximum: 1 },
      result: object({ url: { ...text, description: 'results.jsonl, for minutes; ask again for another address' } }),
      summary: reference('schemas', 'JobSummary'),
      error: object({ error: text, code: text }),
    },
    ['upload', 'progress', 'result', 'summary', 'error'],
  ),
  JobSummary: object(
    {
      state: oneOfTexts(['done', 'failed']),
      error: text,
      code: text,
      model: text,
      version: text,
      input: anyObject,
      results: anyObject,
      records: count,
      ok: count,
      failed: count,
      codes: { type: 'object', additionalProperties: count, description: 'Failed records by code' },
      started: time,
      finished: time,
      durationMs: count,
      runs: count,
      modelet: text,
    },
    ['error', 'code', 'version'],
  ),
};
