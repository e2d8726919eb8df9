import { randomUUID } from 'node:crypto';
import type {
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyResult,
  LambdaFunctionURLEvent,
} from 'aws-lambda';

/** An HTTP request as its sender sees it. */
export interface ApiRequest {
  readonly method: string;
  /** With its query: `/models/digits?version=1`. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** An HTTP response as its receiver sees it; header names are lower case. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const stage = 'production';
const sourceIp = '192.0.2.10';
const userAgent = 'curl/8.5.0';

/** The event of a REST API, on a route of its own, with `binaryMediaTypes: ['*\/*']`, which makes base64 of every body. */
export function restEvent(request: ApiRequest): APIGatewayProxyEvent {
  const { path, query } = parseTarget(request.target);
  const headers = withOwnHeaders(request, 'api123.execute-api.eu-central-1.amazonaws.com');
  const now = new Date();
  return {
    resource: path,
    path,
    httpMethod: request.method,
    headers,
    multiValueHeaders: mapValues(headers, (value) => [value]),
    queryStringParameters: query.size === 0 ? null : Object.fromEntries(query), // the last of several values
    multiValueQueryStringParameters: query.size === 0 ? null : valuesByName(query),
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      accountId: '123456789012',
      apiId: 'api123',
      authorizer: undefined,
      domainName: 'api123.execute-api.eu-central-1.amazonaws.com',
      domainPrefix: 'api123',
      extendedRequestId: 'JKJaXmPLvHcESHA=',
      httpMethod: request.method,
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: 'a-key',
        apiKeyId: 'a-key-id',
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp,
        user: null,
        userAgent,
        userArn: null,
      },
      path: `/${stage}${path}`,
      protocol: 'HTTP/1.1',
      requestId: randomUUID(),
      requestTime: logTime(now),
      requestTimeEpoch: now.getTime(),
      resourceId: 'abc123',
      resourcePath: path,
      stage,
    },
    body: request.body === undefined ? null : Buffer.from(request.body).toString('base64'),
    isBase64Encoded: request.body !== undefined,
  };
}

/** The event of an HTTP API (payload format 2.0) on a named stage, which its `rawPath` carries. */
export function httpApiEvent(request: ApiRequest): APIGatewayProxyEventV2 {
  const { path } = parseTarget(request.target);
  const event = payloadV2(request, 'api456.execute-api.eu-central-1.amazonaws.com', stage, `/${stage}${path}`);
  return { ...event, routeKey: 'ANY /{proxy+}', pathParameters: { proxy: path.slice(1) } };
}

/** The event of a function URL. */
export function functionUrlEvent(request: ApiRequest): LambdaFunctionURLEvent {
  const { path } = parseTarget(request.target);
  return payloadV2(request, 'url789.lambda-url.eu-central-1.on.aws', '$default', path);
}

/** What the caller receives for a function's result. All our doors take the form `{statusCode, headers, body}`. */
export function readAnswer(result: unknown): ApiAnswer {
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = result as APIGatewayProxyResult;
  const sent = { ...headers, ...mapValues(multiValueHeaders ?? {}, (values) => values.join(', ')) };
  return {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), String(value)])),
    body: Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function payloadV2(request: ApiRequest, domainName: string, stage: string, rawPath: string): APIGatewayProxyEventV2 {
  const { rawQuery, query } = parseTarget(request.target);
  const sent = withOwnHeaders(request, domainName);
  const headers = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
  // Format 2.0 leaves text as it is; which bodies count as text is decided by the content type.
  const isText = /^(text\/|application\/(json|javascript|xml)\b)/.test(headers['content-type'] ?? '');
  const now = new Date();
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: rawQuery,
    headers,
    requestContext: {
      accountId: '123456789012',
      apiId: domainName.split('.')[0] ?? '',
      domainName,
      domainPrefix: domainName.split('.')[0] ?? '',
      http: { method: request.method, path: rawPath, protocol: 'HTTP/1.1', sourceIp, userAgent },
      requestId: randomUUID(),
      routeKey: '$default',
      stage,
      time: logTime(now),
      timeEpoch: now.getTime(),
    },
    isBase64Encoded: request.body !== undefined && !isText,
  };
  if (query.size > 0) event.queryStringParameters = mapValues(valuesByName(query), (values) => values.join(','));
  if (request.body !== undefined) event.body = Buffer.from(request.body).toString(isText ? 'utf8' : 'base64');
  return event;
}

function parseTarget(target: string): { path: string; rawQuery: string; query: URLSearchParams } {
  const [path = '', rawQuery = ''] = target.split('?', 2);
  return { path, rawQuery, query: new URLSearchParams(rawQuery) };
}

function withOwnHeaders(request: ApiRequest, host: string): Record<string, string> {
  return {
    Accept: '*/*',
    Host: host,
    'User-Agent': userAgent,
    'X-Amzn-Trace-Id': 'Root=1-5e66d96f-7491f09xmpl79d18acf3d050',
    'X-Forwarded-For': sourceIp,
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
    ...request.headers,
  };
}

function valuesByName(query: URLSearchParams): Record<string, string[]> {
  return Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)]));
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** `12/Mar/2026:19:03:58 +0000` */
function logTime(time: Date): string {
  const [, day, month, year, clock] = time.toUTCString().split(' ');
  return `${day}/${month}/${year}:${clock} +0000`;
}
