import { proxyEventToWebRequest } from '@aws-lambda-powertools/event-handler/http';
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** What API Gateway (REST, HTTP API) and function URLs send. */
export type HttpEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2;

/** What they take back: a shape that is good for both payload versions. */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export function isHttpEvent(event: unknown): event is HttpEvent {
  if (typeof event !== 'object' || event === null || !('requestContext' in event)) return false;
  return 'httpMethod' in event || 'rawPath' in event;
}

/**
 * Event → Request. Powertools' converter would read base64 bodies as UTF-8, let a path that starts with `//` change the host
 * and keep an HTTP API's stage in the path; so it gets no body and a mended path, and the bytes are attached here.
 */
export function requestFromEvent(event: HttpEvent): Request {
  const request = proxyEventToWebRequest(mended(event));
  if (event.body === undefined || event.body === null || request.method === 'GET' || request.method === 'HEAD')
    return request;
  return new Request(request, { body: Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8') });
}

/** Text goes as it is, everything else in base64 (the API's binary media types let it through unharmed). */
export async function resultFromResponse(response: Response): Promise<HttpResult> {
  const headers = Object.fromEntries(response.headers);
  const isText = /^(application\/json|text\/)/.test(headers['content-type'] ?? 'text/');
  const bytes = Buffer.from(await response.arrayBuffer());
  return {
    statusCode: response.status,
    headers,
    body: bytes.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

/** The gateway's own id of the request, which is in its access log too. */
export function requestIdOf(event: HttpEvent): string {
  return event.requestContext.requestId;
}

function mended(event: HttpEvent): HttpEvent {
  if (!('rawPath' in event)) return { ...event, path: oneSlash(event.path), body: null };
  const { stage } = event.requestContext;
  const staged = stage !== '$default' && event.rawPath.startsWith(`/${stage}/`);
  const { body: _attachedLater, ...rest } = event;
  return { ...rest, rawPath: oneSlash(staged ? event.rawPath.slice(stage.length + 1) : event.rawPath) };
}

function oneSlash(path: string): string {
  return `/${path.replace(/^\/+/, '')}`.replace(/\/{2,}/g, '/');
}
