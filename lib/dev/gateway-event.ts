import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEvent } from 'aws-lambda';

/**
 * The event that API Gateway (REST, proxy integration, every media type declared binary) makes of a request: its body is base64.
 * @param body the whole body, drained
 */
export function gatewayEvent(request: IncomingMessage, body: Buffer, requestId: string): APIGatewayProxyEvent {
  const url = new URL(`http://localhost${request.url ?? '/'}`);
  // The gateway says how it was asked, whatever the client says of that.
  const headers = { ...multiValued(pairs(request.rawHeaders)), 'x-forwarded-proto': ['http'] };
  const query = multiValued([...url.searchParams]);
  return {
    resource: '/{proxy+}',
    path: url.pathname,
    httpMethod: request.method ?? 'GET',
    headers: lastOfEach(headers),
    multiValueHeaders: headers,
    queryStringParameters: lastOfEach(query),
    multiValueQueryStringParameters: query,
    pathParameters: { proxy: url.pathname.slice(1) },
    stageVariables: null,
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      authorizer: null,
      protocol: 'HTTP/1.1',
      httpMethod: request.method ?? 'GET',
      identity: localIdentity(request),
      path: url.pathname,
      stage: 'local',
      requestId,
      requestTimeEpoch: Date.now(),
      resourceId: 'local',
      resourcePath: '/{proxy+}',
    },
    body: body.length === 0 ? null : body.toString('base64'),
    isBase64Encoded: body.length > 0,
  };
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2] ?? '', raw[index * 2 + 1] ?? '']);
}

function multiValued(entries: readonly (readonly [string, string])[]): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of entries) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

function lastOfEach(values: Readonly<Record<string, string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.at(-1) ?? '']));
}

function localIdentity(request: IncomingMessage): APIGatewayProxyEvent['requestContext']['identity'] {
  const key = request.headers['x-api-key'];
  const none = {
    accessKey: null,
    accountId: null,
    apiKey: null,
    apiKeyId: null,
    caller: null,
    clientCert: null,
    cognitoAuthenticationProvider: null,
    cognitoAuthenticationType: null,
    cognitoIdentityId: null,
    cognitoIdentityPoolId: null,
    principalOrgId: null,
    user: null,
    userArn: null,
  };
  const userAgent = request.headers['user-agent'] ?? null;
  // The gateway knows a key by an id that says nothing of it.
  const apiKeyId = typeof key === 'string' ? createHash('sha256').update(key).digest('hex').slice(0, 10) : null;
  return { ...none, apiKeyId, sourceIp: request.socket.remoteAddress ?? '127.0.0.1', userAgent };
}
