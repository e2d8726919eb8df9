import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What goes wrong with a request.
 * - `unavailable`: 503 SlowDown, as S3 throttles
 * - `reset`: the connection breaks before the store sees anything
 * - `lose-answer`: the store does it, then the connection breaks
 * - `stall`: no answer, ever
 * - `cut`: half the body, then the connection breaks
 * - `stall-body`: half the body, then silence
 * - `slow`: the body in two halves, 300 ms apart
 * - `wrong-bytes`: a body of the right length, one bit of it flipped
 * - `expired`: 400 ExpiredToken, as S3 refuses credentials that were good
 * - `gone`: 404 NoSuchBucket
 */
export type Fault =
  | 'unavailable'
  | 'reset'
  | 'lose-answer'
  | 'stall'
  | 'cut'
  | 'stall-body'
  | 'slow'
  | 'wrong-bytes'
  | 'expired'
  | 'gone';

/** What the store would say. */
const refusals: Partial<Record<Fault, readonly [status: number, code: string]>> = {
  unavailable: [503, 'SlowDown'],
  expired: [400, 'ExpiredToken'],
  gone: [404, 'NoSuchBucket'],
};

export interface FaultProxy {
  readonly endpoint: string;
  /** The next `times` requests that match fail so; without `times` all of them, until `heal`. */
  fail(fault: Fault, options?: { times?: number; only?: RegExp }): void;
  heal(): void;
  /** `GET /bucket/key` of each request since the last `forget`, failed ones too, without the query. */
  readonly requests: readonly string[];
  /** How many requests match, e.g. `/^GET .*\.bin$/`. */
  count(pattern: RegExp): number;
  forget(): void;
  /** Breaks every connection, idle ones too, as a freeze of some minutes does. */
  hangUp(): void;
  stop(): Promise<void>;
}

/** An HTTP proxy on a free loopback port before a store, to make it fail and recover. Signatures stay valid through it. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(upstream);
  const requests: string[] = [];
  let planned: { fault: Fault; left: number; only: RegExp } | undefined;

  function faultFor(line: string): Fault | undefined {
    if (planned === undefined || planned.left <= 0 || !planned.only.test(line)) return undefined;
    planned.left--;
    return planned.fault;
  }

  const server = createServer((incoming, outgoing) => {
    const line = `${incoming.method} ${decodeURIComponent((incoming.url ?? '').split('?')[0] ?? '')}`;
    requests.push(line);
    const fault = faultFor(line);
    const refusal = fault && refusals[fault];
    if (refusal !== undefined) return refuse(incoming, outgoing, ...refusal);
    if (fault === 'reset') return incoming.socket.destroy();
    if (fault === 'stall') return incoming.resume();
    forward(incoming, outgoing, fault);
  });

  /** The host header goes along unchanged, since it is signed. */
  function forward(incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void {
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers }, async (answer) => {
      if (fault === undefined) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        return void answer.pipe(outgoing);
      }
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      if (fault === 'lose-answer') return incoming.socket.destroy();
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      if (fault === 'wrong-bytes') {
        body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
        return void outgoing.end(body);
      }
      outgoing.write(body.subarray(0, body.length / 2), () => {
        if (fault === 'cut') incoming.socket.destroy();
        if (fault === 'slow') setTimeout(() => outgoing.end(body.subarray(body.length / 2)), 300);
      });
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (fault, { times = Number.POSITIVE_INFINITY, only = /./ } = {}) => {
      planned = { fault, left: times, only };
    },
    heal: () => {
      planned = undefined;
    },
    requests,
    count: (pattern) => requests.filter((line) => pattern.test(line)).length,
    forget: () => {
      requests.length = 0;
    },
    hangUp: () => server.closeAllConnections(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(incoming: IncomingMessage, outgoing: ServerResponse, status: number, code: string): void {
  incoming.resume();
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>injected</Message></Error>`;
  outgoing.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length }).end(body);
}
