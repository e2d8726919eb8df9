import { type ErrorCode, errorTable } from '../core/errors.js';
import { type Json, oneOfTexts, reference, text } from './openapi-schema.js';

export interface OperationParts {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly parameters?: readonly Json[];
  /** OpenAPI's "Request Body Object", or a reference to one. */
  readonly requestBody?: Json;
  /** Of success; 200 without it. */
  readonly status?: 202 | 204;
  /** What success holds, in JSON; and, where the caller may ask for them, bytes. Nothing with 204. */
  readonly answer?: Json;
  readonly answersBytes?: boolean;
  /** Answers without a key. */
  readonly isOpen?: boolean;
}

/** One "Operation Object": what differs from route to route is given, the rest is the same for all. */
export function operation(parts: OperationParts): Json {
  const { id, tag, summary, parameters = [], requestBody, status = 200, answer, answersBytes, isOpen } = parts;
  const bytes = answersBytes ? { 'application/octet-stream': {} } : {};
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    ...(isOpen ? { security: [] } : {}),
    responses: {
      [status]:
        answer === undefined
          ? { description: 'Done' }
          : {
              description: 'The answer',
              headers: answerHeaders,
              content: { 'application/json': { schema: answer }, ...bytes },
            },
      ...Object.fromEntries(
        [...statuses().keys()]
          .filter((status) => !(isOpen && status === 403) && !(requestBody === undefined && status === 415))
          .map((status) => [status, reference('responses', responseName(status))]),
      ),
    },
  };
}

const answerHeaders = {
  'x-modelet-model': { description: 'The model that answered', schema: text },
  'x-modelet-version': { description: 'Its version', schema: text },
  'server-timing': { description: 'Milliseconds by stage; `cold` on the first call of an environment', schema: text },
};

/** Status → the codes that come with it, as the error table has them. */
function statuses(): ReadonlyMap<number, ErrorCode[]> {
  const codes = new Map<number, ErrorCode[]>();
  for (const [code, { status }] of Object.entries(errorTable)) {
    codes.set(status, [...(codes.get(status) ?? []), code as ErrorCode]);
  }
  return codes;
}

const responseName = (status: number): string => `Error${status}`;

/** "Components": a response for each status of the error table, with the codes that it may carry. */
export function errorResponses(): Json {
  return Object.fromEntries([...statuses()].map(([status, codes]) => [responseName(status), errorResponse(codes)]));
}

function errorResponse(codes: readonly ErrorCode[]): Json {
  const retryable = codes.every((code) => errorTable[code].retryable);
  return {
    description: `${codes.join(', ')}. ${retryable ? 'The same request may succeed later.' : 'Sent again it fails again.'}`,
    ...(codes.includes('MODEL_UNAVAILABLE') ? { headers: retryAfter } : {}),
    content: {
      'application/json': {
        schema: { allOf: [reference('schemas', 'Error'), { properties: { code: oneOfTexts(codes) } }] },
      },
    },
  };
}

const retryAfter = { 'retry-after': { description: 'Seconds until the next try is worth it', schema: text } };
