import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { stalled } from './stall.js';

/** How long a connection may take, and the first byte of an answer, and a connection be idle, ms. */
export const limits = {
  connecting: 1000,
  firstByte: 3000,
  /** Servers close connections that were idle for long, and a frozen process does not hear of it. */
  idle: 4000,
};

export interface HttpRequest {
  readonly method: string;
  /** As it goes over the wire, with the query. */
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Sends a request without a body; resolves with the answer's head. */
export type SendHttp = (request: HttpRequest, signal?: AbortSignal) => Promise<IncomingMessage>;

/**
 * Connections to one server that are kept for the next request. One that died in the meantime costs no attempt: the request
 * goes out again at once on a new one. No answer within 1 s for the connection and 3 s for its first byte is a TimeoutError.
 */
export function connections(server: URL): SendHttp {
  // Not `import`: as an ES module, node:http makes Node 24 load its WebSocket too, which takes longer than all the rest of this.
  const { Agent, request } = process.getBuiltinModule(server.protocol === 'https:' ? 'node:https' : 'node:http');
  const agent: Agent = new Agent({ keepAlive: true });
  const idleSince = new WeakMap<object, number>();
  agent.on('free', (socket: object) => idleSince.set(socket, Date.now()));
  const host = server.hostname.replace(/^\[|\]$/g, '');
  const target: RequestOptions = { host, port: server.port || undefined, agent };

  /** Goes by the clock on the wall, which runs on while the process is frozen. */
  function dropIdle(longerThan: number): void {
    for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
      if (Date.now() - (idleSince.get(socket) ?? 0) > longerThan) socket.destroy();
    }
  }

  return async function send(what, signal) {
    dropIdle(limits.idle);
    const sending = request({ ...target, ...what });
    try {
      return await answerOf(sending, signal);
    } catch (error) {
      if (!sending.reusedSocket || signal?.aborted) throw error;
      // The others were idle as long as this one.
      dropIdle(-1);
      if (isBroken(error)) return send(what, signal);
      throw error;
    }
  };
}

function answerOf(sending: ClientRequest, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  let timer: NodeJS.Timeout | undefined;
  const within = (limit: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => sending.destroy(stalled(limit)), limit);
  };
  const abort = () => sending.destroy(signal?.reason);
  return new Promise<IncomingMessage>((resolve, reject) => {
    sending.once('socket', (socket) => {
      within(socket.connecting ? limits.connecting : limits.firstByte);
      if (socket.connecting) {
        socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => within(limits.firstByte));
      }
    });
    sending.once('response', resolve);
    // Stays, since a request may break a second time, after its answer began: then its body tells.
    sending.on('error', reject);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    sending.end();
  }).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  });
}

/** The other side closed the connection. */
export function isBroken(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');
}
