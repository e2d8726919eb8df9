import { type ErrorCode, errorTable } from '../core/errors.js';
import type { Resource } from './roles.js';

const noKey = 'this needs an API key: send yours in the header x-api-key';
const notServed = 'the model did not answer; try again shortly';

/** What API Gateway itself answers, by its response type, in our codes. Types not named here fall to the two defaults. */
const answers: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  INVALID_API_KEY: ['FORBIDDEN', noKey],
  ACCESS_DENIED: ['FORBIDDEN', noKey],
  MISSING_AUTHENTICATION_TOKEN: ['FORBIDDEN', noKey],
  WAF_FILTERED: ['FORBIDDEN', 'a firewall in front of this API refused the request'],
  THROTTLED: ['THROTTLED', 'too many requests at once; slow down and try again'],
  QUOTA_EXCEEDED: ['QUOTA_EXCEEDED', "this API key's quota is used up; try again in its next period or ask for more"],
  REQUEST_TOO_LARGE: [
    'PAYLOAD_TOO_LARGE',
    'the body is too large, the limit is 4.5 MB; start a job: POST /models/MODEL/jobs with its bytes and contentType',
  ],
  INTEGRATION_TIMEOUT: ['DEADLINE_EXCEEDED', 'no answer within 29 s; send less at once'],
  INTEGRATION_FAILURE: ['MODEL_UNAVAILABLE', notServed],
  DEFAULT_4XX: ['INVALID_REQUEST', 'the request could not be read'],
  DEFAULT_5XX: ['MODEL_UNAVAILABLE', notServed],
};

/** GatewayResponse resources by logical id, all in our error form and with our statuses. */
export function gatewayResponses(): Record<string, Resource> {
  return Object.fromEntries(
    Object.entries(answers).map(([type, [code, error]]) => [
      `GatewayResponse${pascalCase(type)}`,
      {
        Type: 'AWS::ApiGateway::GatewayResponse',
        Properties: {
          RestApiId: { Ref: 'ApiGatewayRestApi' },
          ResponseType: type,
          StatusCode: String(errorTable[code].status),
          ResponseTemplates: {
            // API Gateway fills in the variable; quotes around it keep this JSON.
            'application/json': JSON.stringify({ error, code, requestId: '$context.requestId' }),
          },
          // Quoted twice: a static value of a parameter mapping stands in single quotes. Seconds.
          ...(code === 'MODEL_UNAVAILABLE' && { ResponseParameters: { 'gatewayresponse.header.Retry-After': "'2'" } }),
        },
      },
    ]),
  );
}

const pascalCase = (type: string): string =>
  type
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
