import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Lambda's limit on what a function returns, in bytes: 6 MiB and a little, as its own message states it. */
const responseLimit = 6_291_556;

export interface Invocation {
  readonly requestId: string;
  /** Epoch milliseconds at which Lambda ends the process. */
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly payload: string;
}

/** What Lambda tells the caller instead of a result. */
export class LambdaError extends Error {
  override readonly name = 'LambdaError';

  constructor(
    readonly errorType: string,
    message: string,
  ) {
    super(message);
  }
}

export type Outcome = { readonly result: unknown } | { readonly error: LambdaError };

export interface RuntimeApi {
  /** `host:port`, the value of AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Answers the client's held `next` with this event. */
  deliver(invocation: Invocation): void;
  close(): Promise<void>;
}

const root = '/2018-06-01/runtime';
const invocationRoute = new RegExp(`^${root}/invocation/[^/]+/(response|error)$`);

/**
 * Serves the four routes of the Lambda Runtime API on loopback, to one runtime client.
 * @param onNext the client asks for the next event: init, or the event before, is done
 * @param onOutcome the client posts a result, an error, or the error that ended its init
 */
export async function startRuntimeApi(onNext: () => void, onOutcome: (outcome: Outcome) => void): Promise<RuntimeApi> {
  let held: ServerResponse | undefined;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    const kind = url === `${root}/init/error` ? 'error' : invocationRoute.exec(url)?.[1];
    if (request.method === 'GET' && url === `${root}/invocation/next`) {
      held = response; // a long poll: open while the environment is frozen
      onNext();
    } else if (request.method !== 'POST' || kind === undefined) {
      answer(response, 404, { errorType: 'NotFound', errorMessage: `${request.method} ${url}` });
    } else {
      const body = await readBody(request);
      const tooLarge = kind === 'response' && body.length > responseLimit;
      if (tooLarge)
        answer(response, 413, { errorType: 'RequestEntityTooLarge', errorMessage: 'Exceeded maximum size' });
      else answer(response, 202, { status: 'OK' });
      onOutcome(tooLarge ? responseTooLarge() : outcomeOf(kind, body));
    }
  }

  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 0; // a frozen client keeps its connection
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    deliver({ requestId, deadlineMs, functionArn, payload }) {
      if (held === undefined) throw new Error('the runtime client has not asked for an event');
      held.writeHead(200, {
        'Content-Type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': requestId,
        'Lambda-Runtime-Deadline-Ms': String(deadlineMs),
        'Lambda-Runtime-Invoked-Function-Arn': functionArn,
        'Lambda-Runtime-Trace-Id': `Root=1-5bef4de7-${requestId.replaceAll('-', '').slice(0, 24)};Sampled=0`,
      });
      held.end(payload);
      held = undefined;
    },
    close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function responseTooLarge(): Outcome {
  const message = `Response payload size exceeded maximum allowed payload size (${responseLimit} bytes).`;
  return { error: new LambdaError('Function.ResponseSizeTooLarge', message) };
}

function outcomeOf(kind: string, body: Buffer): Outcome {
  const posted: unknown = JSON.parse(body.toString('utf8'));
  if (kind === 'response') return { result: posted };
  const { errorType, errorMessage } = posted as { errorType: string; errorMessage: string };
  return { error: new LambdaError(errorType, errorMessage) };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
