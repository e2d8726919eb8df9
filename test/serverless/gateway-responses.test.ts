import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, errorTable } from '../../lib/core/errors.js';
import { gatewayResponses } from '../../lib/serverless/gateway-responses.js';

const answers = Object.values(gatewayResponses()).map(({ Properties }) => {
  const { ResponseType, StatusCode, ResponseTemplates, ResponseParameters } = Properties as Record<string, unknown>;
  const body = JSON.parse((ResponseTemplates as Record<string, string>)['application/json'] ?? '');
  return { type: ResponseType, status: Number(StatusCode), body, headers: ResponseParameters };
});
const answer = (type: string) => answers.find((one) => one.type === type);

describe("the gateway's own answers", () => {
  test.each(answers.map((one) => [one.type, one] as const))(
    '%s has our form, a code of ours and its status',
    (_, one) => {
      expect(one.body).toEqual({
        error: expect.any(String),
        code: expect.any(String),
        requestId: '$context.requestId',
      });
      expect(errorTable[one.body.code as ErrorCode].status).toBe(one.status);
    },
  );

  test.each([
    ['INVALID_API_KEY', 'FORBIDDEN'],
    ['MISSING_AUTHENTICATION_TOKEN', 'FORBIDDEN'],
    ['ACCESS_DENIED', 'FORBIDDEN'],
    ['THROTTLED', 'THROTTLED'],
    ['QUOTA_EXCEEDED', 'QUOTA_EXCEEDED'],
    ['REQUEST_TOO_LARGE', 'PAYLOAD_TOO_LARGE'],
    ['INTEGRATION_TIMEOUT', 'DEADLINE_EXCEEDED'],
    ['INTEGRATION_FAILURE', 'MODEL_UNAVAILABLE'],
    ['DEFAULT_4XX', 'INVALID_REQUEST'],
    ['DEFAULT_5XX', 'MODEL_UNAVAILABLE'],
  ])('%s is %s', (type, code) => expect(answer(type)?.body.code).toBe(code));

  test('MODEL_UNAVAILABLE says when to try again', () => {
    expect(answer('INTEGRATION_FAILURE')?.headers).toEqual({ 'gatewayresponse.header.Retry-After': "'2'" });
    expect(answer('THROTTLED')?.headers).toBeUndefined();
  });

  test('every response has an id of its own', () => {
    expect(Object.keys(gatewayResponses())).toHaveLength(answers.length);
    expect(gatewayResponses()).toHaveProperty('GatewayResponseInvalidApiKey');
  });
});
