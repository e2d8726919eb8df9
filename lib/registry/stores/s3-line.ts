import type { OnReadOpts, Socket } from 'node:net';
import { type HttpRequest, limits } from './s3-connection.js';
import { patience, stalled } from './stall.js';

/** The fields of an answer's head, names in lower case. */
export type Head = ReadonlyMap<string, string>;

/**
 * Sends a request and puts the body of its answer into memory.
 * @returns undefined for any answer but 206 with as many bytes as `into` has: that is to be asked for, and understood, in the
 *   ordinary way
 * @throws what went wrong with the connection
 */
export type ReadDirectly = (request: HttpRequest, into: Uint8Array, signal?: AbortSignal) => Promise<Head | undefined>;

/** One connection, for one request at a time. */
export interface Line {
  readonly ask: ReadDirectly;
  /** Since when, by the clock on the wall, which runs on while the process is frozen; 0 before the first answer. */
  idleSince(): number;
  /** Something came in answer to what was asked last. */
  hasHeard(): boolean;
  isOpen(): boolean;
  close(): void;
}

/** Bytes that are read at once: what the system holds ready of a quick connection. */
const readBytes = 2 ** 21;

/** No head of S3's is as large. */
const mostHead = 2 ** 16;

/** What a line is busy with. */
interface Asked {
  readonly into: Uint8Array;
  filled: number;
  /** Bytes of the head, until all of them came. */
  start: Buffer;
  head?: Head;
  within(limit: number): void;
  done(head: Head | undefined): void;
  failed(error: unknown): void;
}

export function openLine(server: URL): Line {
  const small = Buffer.allocUnsafeSlow(2 ** 16);
  let asked: Asked | undefined;
  let heard = false;
  let idleSince = 0;
  let isConnected = false;

  const socket = connect(server, {
    buffer: () => (asked?.head === undefined ? small : asked.into.subarray(asked.filled, asked.filled + readBytes)),
    callback: (length, bytes) => {
      arrived(bytes.subarray(0, length));
      return true;
    },
  });
  socket.once(server.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
    isConnected = true;
    asked?.within(limits.firstByte);
  });
  socket.on('error', (error) => asked?.failed(error));
  socket.once('close', () => {
    asked?.failed(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
  });

  function arrived(bytes: Uint8Array): void {
    heard = true;
    // Nobody asked for it.
    if (asked === undefined) socket.destroy();
    else if (asked.head === undefined) begin(asked, bytes);
    else {
      if (bytes.buffer === small.buffer) asked.into.set(bytes, asked.filled);
      asked.filled += bytes.length;
      advance(asked, asked.head);
    }
  }

  function begin(one: Asked, bytes: Uint8Array): void {
    one.start = Buffer.concat([one.start, bytes]);
    const end = one.start.indexOf('\r\n\r\n');
    if (end === -1 && one.start.length < mostHead) return;
    const head = readHead(one.start.toString('latin1', 0, Math.max(0, end)), one.into.length);
    const rest = one.start.subarray(end + 4);
    if (head === undefined || rest.length > one.into.length) one.done(undefined);
    else {
      one.head = head;
      one.into.set(rest);
      one.filled = rest.length;
      advance(one, head);
    }
  }

  function advance({ filled, into, within, done }: Asked, head: Head): void {
    if (filled === into.length) done(head);
    else within(patience);
  }

  const ask: ReadDirectly = async ({ method, path, headers }, into, signal) => {
    let timer: NodeJS.Timeout | undefined;
    const within = (limit: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => socket.destroy(stalled(limit)), limit);
    };
    const abort = () => socket.destroy(signal?.reason);
    heard = false;
    socket.ref();
    try {
      return await new Promise<Head | undefined>((resolve, reject) => {
        const done = (head: Head | undefined) => {
          // At once: where the next bytes go is asked before anything that waits for this goes on.
          asked = undefined;
          resolve(head);
        };
        asked = { into, filled: 0, start: Buffer.alloc(0), within, done, failed: reject };
        within(isConnected ? limits.firstByte : limits.connecting);
        if (signal?.aborted) abort();
        signal?.addEventListener('abort', abort, { once: true });
        const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        socket.write(`${method} ${path} HTTP/1.1\r\n${fields.join('')}\r\n`, 'latin1');
      });
    } finally {
      asked = undefined;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      idleSince = Date.now();
      socket.unref();
    }
  };

  return {
    ask,
    idleSince: () => idleSince,
    hasHeard: () => heard,
    isOpen: () => !socket.destroyed && !socket.readableEnded,
    close: () => void socket.destroy(),
  };
}

function connect({ protocol, hostname, port }: URL, onread: OnReadOpts): Socket {
  const net = process.getBuiltinModule('node:net');
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'http:') return net.connect({ host, port: Number(port || 80), onread });
  const servername = net.isIP(host) === 0 ? host : '';
  const secure = { host, port: Number(port || 443), servername, onread };
  return process.getBuiltinModule('node:tls').connect(secure);
}

/** RFC 9112, sections 4 and 5; undefined for a head that promises anything but `length` bytes of a range. */
function readHead(text: string, length: number): Head | undefined {
  const [status = '', ...lines] = text.split('\r\n');
  const head = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const isPlain = /^HTTP\/1\.1 206( |$)/.test(status) && !head.has('transfer-encoding');
  return isPlain && head.get('content-length') === String(length) ? head : undefined;
}
