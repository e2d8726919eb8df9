import { proxyEventToWebRequest } from '@aws-lambda-powertools/event-handler/http';
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpRequest, HttpResponse } from '../protocol/http.js';

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
 * Event → request. Powertools' converter would read a base64 body as UTF-8, let a path that starts with `//` change the host
 * and keep an HTTP API's stage in the path; so it gets no body and a mended path, and the bytes are attached here. Nor does it
 * get the method, because a web Request can't hold each one (TRACE), which is for the router to refuse.
 */
export function requestFromEvent(event: HttpEvent): HttpRequest {
  const { url, headers } = proxyEventToWebRequest(mended(event));
  const method = 'rawPath' in event ? event.requestContext.http.method : event.httpMethod;
  return { url, method, headers, arrayBuffer: async () => bytesOf(event.body ?? '', event.isBase64Encoded) };
}

function bytesOf(body: string, isBase64Encoded: boolean): ArrayBuffer {
  const encoding = isBase64Encoded ? 'base64' : 'utf8';
  // Not Buffer.from: it may hand out a slice of Node's pool.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(body, encoding));
  const length = bytes.write(body, encoding);
  return length === bytes.length ? bytes.buffer : bytes.buffer.slice(0, length);
}

/** Text goes as it is, bytes in base64 (the API's binary media types let them through unharmed). */
export function resultFromResponse({ status, headers, body }: HttpResponse): HttpResult {
  if (typeof body === 'string') return { statusCode: status, headers, body, isBase64Encoded: false };
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return { statusCode: status, headers, body: bytes.toString('base64'), isBase64Encoded: true };
}

/** The gateway's own id of the request, which is in its access log too. */
export function requestIdOf(event: HttpEvent): string {
  return event.requestContext.requestId;
}

function mended(event: HttpEvent): HttpEvent {
  // `headers` has the last value of each, and no header that we read may have two.
  if (!('rawPath' in event)) {
    return { ...event, httpMethod: 'GET', path: oneSlash(event.path), multiValueHeaders: {}, body: null };
  }
  const { stage } = event.requestContext;
  const staged = stage !== '$default' && event.rawPath.startsWith(`/${stage}/`);
  const { body: _attachedLater, ...rest } = event;
  const requestContext = { ...event.requestContext, http: { ...event.requestContext.http, method: 'GET' } };
  return { ...rest, requestContext, rawPath: oneSlash(staged ? event.rawPath.slice(stage.length + 1) : event.rawPath) };
}

function oneSlash(path: string): string {
  return `/${path.replace(/^\/+/, '')}`.replace(/\/{2,}/g, '/');
}
