import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Context } from 'aws-lambda';
import { type HttpResult, resultFromResponse } from '../aws/http-event.js';
import type { LambdaHandler } from '../aws/lambda-handler.js';
import { ModeletError } from '../core/errors.js';
import type { ObjectStore } from '../core/object-store.js';
import { bodyLimit, bodyTooLarge } from '../protocol/body.js';
import { errorResponse } from '../protocol/responses.js';
import { answerLink, isLink } from './answer-link.js';
import { gatewayEvent } from './gateway-event.js';

const MiB = 1024 * 1024;

/** A body up to this size is read to its end, so that the client sees the 413 and not a reset connection. */
const drainLimit = 32 * MiB;

/** Lambda's limit on an event and on a response, each way. */
const payloadLimit = 6 * MiB;

/** API Gateway gives up after this. */
const gatewayTimeoutMs = 29_000;

export interface LocalServerOptions {
  readonly handlerFor: (path: string) => Promise<LambdaHandler>;
  /** Without one the server is open. */
  readonly apiKey?: string | undefined;
  /** Where jobs upload to; without it there are no links. */
  readonly data?: ObjectStore | undefined;
}

/** API Gateway and Lambda on a laptop: the same handlers, events, limits and error bodies, in one process. */
export function createLocalServer({ handlerFor, apiKey, data }: LocalServerOptions): Server {
  const server = createServer((request, response) => {
    const requestId = randomUUID();
    const result =
      data !== undefined && isLink(request.url ?? '')
        ? answerLink(data, request, response)
        : answer(request, requestId);
    result
      .catch((error: unknown) => resultFromResponse(errorResponse(error, requestId)))
      .then((answered) => answered && send(response, answered))
      .catch(() => response.destroy());
  });
  // An upload of gigabytes takes its time; Node's own limit is for a whole request.
  server.requestTimeout = 15 * 60_000;
  server.on('clientError', refuseConnection);
  return server;

  async function answer(request: IncomingMessage, requestId: string): Promise<HttpResult> {
    const body = await readAll(request);
    const event = gatewayEvent(request, body, requestId);
    if (
      apiKey !== undefined &&
      !isOpen(event.httpMethod, event.path) &&
      !sameText(request.headers['x-api-key'], apiKey)
    ) {
      throw new ModeletError('FORBIDDEN', 'no API key, or a wrong one: send it as x-api-key');
    }
    if (body.length > bodyLimit || Buffer.byteLength(JSON.stringify(event)) > payloadLimit) {
      throw tooLarge(request, body.length);
    }
    const handler = await handlerFor(event.path);
    const result = await withinTimeout(handler(event, localContext(requestId)));
    if (Buffer.byteLength(JSON.stringify(result)) <= payloadLimit) return result;
    throw new ModeletError(
      'PAYLOAD_TOO_LARGE',
      `the answer is larger than Lambda's ${payloadLimit} bytes; ask for less at once`,
    );
  }
}

/** What Node.js can't read as HTTP never becomes a request: too slow, headers too long, anything else. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const statuses: Record<string, number> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };
  const status = statuses[error.code ?? ''] ?? 400;
  const refusal = new ModeletError('INVALID_REQUEST', `this is no HTTP request (${STATUS_CODES[status]})`);
  const { body } = resultFromResponse(errorResponse(refusal, randomUUID()));
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json`;
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** What a deployment's API lets in without a key. */
function isOpen(method: string, path: string): boolean {
  return (method === 'GET' || method === 'HEAD') && (path === '/' || path.startsWith('/v2/health/'));
}

function sameText(given: string | string[] | undefined, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(wanted));
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > drainLimit) throw tooLarge(request, Number(request.headers['content-length']) || size);
    // Beyond the limit only the size counts.
    if (size <= payloadLimit) chunks.push(chunk);
  }
  if (size > payloadLimit) throw tooLarge(request, size);
  return Buffer.concat(chunks);
}

function tooLarge({ url = '', headers }: IncomingMessage, bytes: number): ModeletError {
  return bodyTooLarge(bytes, url, headers['content-type'] ?? '');
}

async function withinTimeout(result: Promise<HttpResult>): Promise<HttpResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new ModeletError('DEADLINE_EXCEEDED', `no answer within ${gatewayTimeoutMs} ms; try again`);
    timer = setTimeout(() => reject(error), gatewayTimeoutMs);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The part of Lambda's context that handlers use. */
function localContext(requestId: string): Context {
  const end = performance.now() + gatewayTimeoutMs;
  const context: Pick<Context, 'awsRequestId' | 'functionName' | 'getRemainingTimeInMillis'> = {
    awsRequestId: requestId,
    functionName: 'local',
    getRemainingTimeInMillis: () => end - performance.now(),
  };
  return context as Context;
}

function send(response: ServerResponse, { statusCode, headers, body, isBase64Encoded }: HttpResult): void {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  response.writeHead(statusCode, { ...headers, 'content-length': bytes.length });
  response.end(bytes);
}
