import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ObjectStore, ObjectStream, ReadOptions } from '../../lib/core/object-store.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const unavailable = { code: 'MODEL_UNAVAILABLE', retryable: true };

/** Settles as the work does, or fails when that takes longer than `limit` ms. */
async function within<T>(limit: number, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = sleep(limit, undefined, { signal: late.signal }).then(() => {
    throw new Error(`took longer than ${limit} ms`);
  });
  return Promise.race([work, timer]).finally(() => late.abort());
}

async function opened(store: ObjectStore, key: string, options?: ReadOptions): Promise<ObjectStream> {
  const stream = await store.read(key, options);
  if (stream === undefined || stream === 'changed') throw new Error(`no stream of ${key}: ${stream}`);
  return stream;
}

interface Proxied {
  readonly store: ObjectStore;
  readonly proxy: FaultProxy;
  readonly location: string;
}

describeWithS3('S3 store under faults', () => {
  const environment = { ...process.env };
  const ended: (() => unknown)[] = [];
  let server: S3Server;
  let stores = 0;

  /** A store with the object "a", and the proxy before it. */
  async function withProxy(): Promise<Proxied> {
    const proxy = await startFaultProxy(server.endpoint);
    ended.push(proxy.stop);
    const location = `s3://models/prefix-${++stores}`;
    const store = await through(proxy.endpoint, location);
    await store.put('a', bytes('content'));
    await store.stat('a');
    proxy.forget();
    return { store, proxy, location };
  }

  /** A store that has seen its endpoint. */
  async function through(endpoint: string, location: string): Promise<ObjectStore> {
    Object.assign(process.env, server.env(endpoint));
    const store = await openStore(location);
    await store.get('none').catch(() => undefined);
    return store;
  }

  /** What `answer` says to every request: for answers that versitygw has no reason to give. */
  async function scripted(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
    const http = createServer(answer);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    ended.push(
      () => http.closeAllConnections(),
      () => http.close(),
    );
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  const textOf = async (store: ObjectStore) => Buffer.from((await store.get('a'))?.body ?? []).toString();

  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket('models');
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    for (const end of ended.splice(0)) await end();
  });

  afterAll(async () => {
    process.env = environment;
    await server?.stop();
  });

  test('a server that goes down, and comes back with its objects', async () => {
    const store = await through(server.endpoint, 's3://models/down');
    await store.put('a', bytes('content'));
    for (const work of [() => store.stat('a'), () => store.put('a', bytes('new'))] as (() => Promise<unknown>)[]) {
      await server.crash();
      await expect(within(3000, work())).rejects.toMatchObject({
        ...unavailable,
        message: expect.stringMatching(/"a" in s3:\/\/models\/down: .*ECONNREFUSED/),
      });
      await server.restart();
      expect(await textOf(store)).toBe('content');
    }
    // A kept connection to the server before.
    await server.crash();
    await server.restart();
    expect(await textOf(store)).toBe('content');
  });

  test('a bucket that vanishes, and comes back', async () => {
    const { S3Client, DeleteBucketCommand } = await import('@aws-sdk/client-s3');
    await server.createBucket('vanishing');
    const store = await through(server.endpoint, 's3://vanishing');
    await store.put('a', bytes('content'));
    await store.delete('a');
    await new S3Client({ forcePathStyle: true }).send(new DeleteBucketCommand({ Bucket: 'vanishing' }));
    for (const work of [() => store.get('a'), () => store.list(''), () => store.put('a', bytes('x'))]) {
      const message = expect.stringMatching(/no such bucket; create it/);
      await expect(work()).rejects.toMatchObject({ ...unavailable, message });
    }
    await server.createBucket('vanishing');
    await store.put('a', bytes('content'));
    expect(await textOf(store)).toBe('content');
  });

  describe('once', () => {
    test.each(['unavailable', 'reset', 'cut', 'stall', 'lose-answer'] as const)(
      'is nobody’s business: %s',
      async (fault) => {
        const { store, proxy } = await withProxy();
        const again = async <T>(work: () => Promise<T>) => {
          proxy.fail(fault, { times: 1 });
          proxy.forget();
          const result = await within(6000, work());
          expect(proxy.requests.length).toBeGreaterThan(1);
          return result;
        };
        expect(await again(() => textOf(store))).toBe('content');
        if (fault === 'stall') return;
        expect(await again(() => store.getUnless('"other"', 'a'))).toMatchObject({ etag: expect.any(String) });
        if (fault === 'cut') return;
        expect(await again(() => store.stat('a'))).toMatchObject({ bytes: 7 });
        expect(await again(() => store.list(''))).toEqual(['a']);
        expect(await again(() => opened(store, 'a', { start: 1, end: 2 }))).toMatchObject({ bytes: 7 });
      },
    );
  });

  describe('for good', () => {
    test.each([
      ['unavailable', /503 SlowDown/, 3],
      ['reset', /ECONNRESET/, 3],
      ['cut', /ECONNRESET/, 3],
    ] as const)('%s: MODEL_UNAVAILABLE after three attempts, then it works again', async (fault, why, attempts) => {
      const { store, proxy, location } = await withProxy();
      proxy.fail(fault);
      const error = await within(6000, store.get('a')).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ ...unavailable, message: expect.stringMatching(why), cause: expect.anything() });
      expect(String(error)).toContain(`"a" in ${location}`);
      expect(String(error)).not.toMatch(/test-secret|content/);
      // A kept connection that breaks costs no attempt.
      expect(proxy.requests.length - attempts).toBeLessThanOrEqual(fault === 'unavailable' ? 0 : 1);
      proxy.heal();
      expect(await textOf(store)).toBe('content');
    });

    // At the same time, since each waits for what never comes.
    test('silence is not waited for, but for those who are busy themselves', async () => {
      const [one, two, three, four, five] = [
        await withProxy(),
        await withProxy(),
        await withProxy(),
        await withProxy(),
        await withProxy(),
      ];
      // A client for streams is made at the first of them.
      Object.assign(process.env, server.env(five.proxy.endpoint));
      await Promise.all([
        neverAnswers(one),
        stallsInTheMiddle(two),
        streamStalls(three),
        streamIsReadSlowly(four),
        sourceIsSlow(five),
      ]);

      async function neverAnswers({ store, proxy }: Proxied) {
        proxy.fail('stall');
        const inTime = { ...unavailable, message: expect.stringMatching(/in time/) };
        await Promise.all([
          expect(within(17_000, store.put('a', bytes('content')))).rejects.toMatchObject(inTime),
          expect(within(11_000, store.get('a'))).rejects.toMatchObject(inTime),
          expect(within(11_000, store.stat('a'))).rejects.toMatchObject(inTime),
          expect(within(11_000, store.list(''))).rejects.toMatchObject(inTime),
          expect(within(11_000, store.delete('a'))).rejects.toMatchObject(inTime),
        ]);
        proxy.heal();
        expect(await textOf(store)).toBe('content');
      }

      async function stallsInTheMiddle({ store, proxy }: Proxied) {
        proxy.fail('stall-body');
        const inTime = { ...unavailable, message: expect.stringMatching(/in time/) };
        await expect(within(11_000, store.get('a'))).rejects.toMatchObject(inTime);
        proxy.heal();
        expect(await textOf(store)).toBe('content');
      }

      async function streamStalls({ store, proxy }: Proxied) {
        await store.put('b', randomBytes(2 ** 20));
        proxy.fail('stall-body');
        const { body } = await opened(store, 'b', { start: 10 });
        const reading = (async () => {
          for await (const _ of body);
        })();
        const inTime = { ...unavailable, message: expect.stringMatching(/"b" .*in time/) };
        await expect(within(7000, reading)).rejects.toMatchObject(inTime);
      }

      async function streamIsReadSlowly({ store }: Proxied) {
        await store.put('b', Buffer.alloc(2 ** 24, 1));
        let came = 0;
        for await (const chunk of (await opened(store, 'b')).body) {
          if (came === 0) await sleep(6000);
          came += chunk.length;
        }
        expect(came).toBe(2 ** 24);
      }

      async function sourceIsSlow({ store }: Proxied) {
        const body = pieces(3, (i) => (i === 2 ? 6000 : 0));
        const etag = await store.put('b', body);
        expect(body.opened()).toBe(1);
        expect(await store.stat('b')).toMatchObject({ etag, bytes: body.bytes });
      }
    });
  });

  test('a stream that breaks off says so', async () => {
    const { store, proxy } = await withProxy();
    await store.put('b', randomBytes(2 ** 20));
    proxy.fail('cut');
    let came = 0;
    const { body } = await opened(store, 'b', { start: 10 });
    const reading = (async () => {
      for await (const chunk of body) came += chunk.length;
    })();
    await expect(reading).rejects.toMatchObject({ ...unavailable, message: expect.stringMatching(/ECONNRESET/) });
    expect(came).toBeLessThan(2 ** 20 - 10);
  });

  test.each(['stall', 'stall-body', 'unavailable'] as const)('abort ends a get at once: %s', async (fault) => {
    const { store, proxy } = await withProxy();
    proxy.fail(fault);
    const [deadline, reason] = [new AbortController(), new Error('deadline')];
    const getting = store.get('a', { signal: deadline.signal });
    await sleep(200);
    deadline.abort(reason);
    // What it waits for otherwise takes 3 s and more.
    await expect(within(2000, getting)).rejects.toBe(reason);
    expect(proxy.requests.length).toBeLessThan(3);
  });

  describe('freeze and thaw', () => {
    /** A line to the server that can go dead. */
    async function line() {
      const sockets: Socket[] = [];
      let connections = 0;
      const tcp = createTcpServer((near) => {
        connections++;
        const far = connect(Number(new URL(server.endpoint).port), '127.0.0.1');
        near.pipe(far).pipe(near);
        for (const socket of [near, far]) socket.on('error', () => undefined);
        sockets.push(near, far);
      });
      await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
      ended.push(
        () => sockets.map((socket) => socket.destroy()),
        () => tcp.close(),
      );
      return {
        endpoint: `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`,
        connections: () => connections,
        sockets: () => [...sockets],
      };
    }

    test('kept connections that broke meanwhile cost no attempt', async () => {
      const { endpoint, sockets, connections } = await line();
      const store = await through(endpoint, 's3://models/frozen');
      await store.put('a', bytes('content'));
      await Promise.all(Array.from({ length: 8 }, () => store.get('a')));
      const before = connections();
      // In one go, so that nobody has heard of it yet, as after a freeze.
      for (const socket of sockets()) socket.resetAndDestroy();
      // Each attempt but the first comes after a random pause.
      const pauses = jest.spyOn(Math, 'random');
      const found = await Promise.all(Array.from({ length: 8 }, () => within(3000, store.get('a'))));
      expect(pauses).not.toHaveBeenCalled();
      expect(found.map((object) => object?.body.length)).toEqual(Array(8).fill(7));
      expect(connections()).toBeGreaterThan(before);
    });

    const filled = (store: ObjectStore) => store.readInto('a', new Uint8Array(5), { start: 1 });

    test('nor do those of large reads, kept apart', async () => {
      const { endpoint, sockets, connections } = await line();
      const store = await through(endpoint, 's3://models/frozen-apart');
      await store.put('a', bytes('content'));
      await Promise.all(Array.from({ length: 4 }, () => filled(store)));
      const before = connections();
      expect(await filled(store)).toMatchObject({ bytes: 7 });
      expect(connections()).toBe(before);
      for (const socket of sockets()) socket.resetAndDestroy();
      const found = await Promise.all(Array.from({ length: 4 }, () => within(3000, filled(store))));
      expect(found).toEqual(Array(4).fill(expect.objectContaining({ bytes: 7 })));
      for (const socket of sockets()) socket.unpipe().pause();
      const [thawed, opened] = [Date.now() + 5000, connections()];
      jest.spyOn(Date, 'now').mockImplementation(() => thawed);
      expect(await within(1000, filled(store))).toMatchObject({ bytes: 7 });
      expect(connections()).toBe(opened + 1);
    });

    test('kept connections that went silent are not used after a while', async () => {
      const { endpoint, sockets, connections } = await line();
      const store = await through(endpoint, 's3://models/silent');
      await store.put('a', bytes('content'));
      await Promise.all(Array.from({ length: 4 }, () => store.get('a')));
      const before = connections();
      for (const socket of sockets()) socket.unpipe().pause();
      const thawed = Date.now() + 5000;
      jest.spyOn(Date, 'now').mockImplementation(() => thawed);
      expect((await within(1000, store.get('a')))?.body).toHaveLength(7);
      expect(connections()).toBe(before + 1);
    });
  });

  describe('time', () => {
    test.each([-20, 20])('a clock that is off by %d minutes', async (minutes) => {
      const { store, proxy } = await withProxy();
      const real = Date.now;
      jest.spyOn(Date, 'now').mockImplementation(() => real() + minutes * 60_000);
      expect(await store.stat('a')).toMatchObject({ bytes: 7 });
      expect(proxy.requests).toHaveLength(2);
      expect(await textOf(store)).toBe('content');
      expect(await store.list('')).toEqual(['a']);
      expect(proxy.requests).toHaveLength(4);
    });
  });

  describe('what AWS says', () => {
    const error = (status: number, code: string, headers: Record<string, string> = {}, rest = '') =>
      scripted((request, response) => {
        const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>no</Message>${rest}</Error>`;
        response.writeHead(status, { 'content-type': 'application/xml', ...headers });
        response.end(request.method === 'HEAD' ? undefined : xml);
      });

    test.each([
      ['expired credentials', 400, 'ExpiredToken', {}, '', /credentials were refused \(ExpiredToken\); renew/, 1],
      [
        'another region',
        301,
        'PermanentRedirect',
        { 'x-amz-bucket-region': 'eu-west-1' },
        '',
        /AWS_REGION to eu-west-1/,
        1,
      ],
      [
        'another region, of a signature',
        400,
        'AuthorizationHeaderMalformed',
        {},
        '<Region>us-west-2</Region>',
        /AWS_REGION to us-west-2/,
        1,
      ],
      ['an error of its own', 500, 'InternalError', {}, '', /the store answered 500 InternalError/, 3],
      ['a request that took too long to come', 400, 'RequestTimeout', {}, '', /400 RequestTimeout/, 3],
    ])('%s', async (_, status, code, headers, rest, why, attempts) => {
      const endpoint = await error(status, code, headers, rest);
      const proxy = await startFaultProxy(endpoint);
      ended.push(proxy.stop);
      const store = await through(proxy.endpoint, 's3://models/said');
      proxy.forget();
      await expect(store.get('a')).rejects.toMatchObject({ ...unavailable, message: expect.stringMatching(why) });
      expect(proxy.requests).toHaveLength(attempts);
    });

    test('another region, of a HEAD, which has no words', async () => {
      const store = await through(await error(301, 'x', { 'x-amz-bucket-region': 'eu-west-1' }), 's3://models/said');
      await expect(store.stat('a')).rejects.toMatchObject({
        message: expect.stringMatching(/AWS_REGION to eu-west-1/),
      });
    });

    test('no length: chunked errors are read, chunked objects are refused', async () => {
      const chunked = await scripted((_, response) => response.writeHead(200, { etag: '"x"' }).end('content'));
      const store = await through(chunked, 's3://models/said');
      await expect(store.get('a')).rejects.toMatchObject({ message: expect.stringMatching(/no Content-Length/) });
    });

    test('a session token goes along, signed', async () => {
      const seen: IncomingMessage['headers'][] = [];
      const endpoint = await scripted(({ headers }, response) => {
        seen.push(headers);
        response.writeHead(200, { etag: '"x"', 'content-length': 1 }).end('x');
      });
      process.env.AWS_SESSION_TOKEN = 'the-token';
      try {
        await (await through(endpoint, 's3://models/said')).get('a');
      } finally {
        delete process.env.AWS_SESSION_TOKEN;
      }
      expect(seen[0]).toMatchObject({ 'x-amz-security-token': 'the-token' });
      expect(seen[0]?.authorization).toMatch(
        /SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,/,
      );
    });
  });

  describe('what is held back', () => {
    test('bytes that nobody asks for', async () => {
      let given = 0;
      const chunk = Buffer.alloc(2 ** 20);
      const endless = await scripted(async (_, response) => {
        response.writeHead(200, { etag: '"x"', 'content-length': 2 ** 30 });
        for (; given < 2 ** 30 && !response.destroyed; given += chunk.length) {
          if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
        }
      });
      Object.assign(process.env, server.env(endless));
      for await (const first of (await opened(await openStore('s3://models/endless'), 'a')).body) {
        expect(first.length).toBeLessThanOrEqual(2 ** 20);
        await sleep(500);
        break;
      }
      // The kernel's buffers hold a few MB.
      expect(given).toBeLessThan(2 ** 26);
    });
  });

  describe('puts', () => {
    let store: ObjectStore;
    let proxy: FaultProxy;
    beforeEach(async () => {
      ({ store, proxy } = await withProxy());
    });

    test('a conditional put whose answer got lost still knows that it won', async () => {
      proxy.fail('lose-answer', { times: 1, only: /^PUT/ });
      const created = await store.put('b', bytes('one'), { ifAbsent: true });
      expect(created).toBe((await store.get('b'))?.etag);
      proxy.fail('lose-answer', { times: 1, only: /^PUT/ });
      const moved = await store.put('b', bytes('two'), { ifMatch: created ?? '' });
      expect(moved).toBe((await store.get('b'))?.etag);
      expect(proxy.count(/^PUT .*\/b$/)).toBe(4);
    });

    test('a conditional put that really lost after a retry says so', async () => {
      proxy.fail('unavailable', { times: 1, only: /^PUT/ });
      expect(await store.put('a', bytes('content'), { ifAbsent: true })).toBeUndefined();
    });

    test.each(['unavailable', 'reset', 'lose-answer'] as const)('a streamed put is opened again: %s', async (fault) => {
      for (const condition of [undefined, { ifAbsent: true }] as const) {
        proxy.fail(fault, { times: 1, only: /^PUT/ });
        const body = pieces(20);
        const key = `b/${String(condition?.ifAbsent)}`;
        const etag = await store.put(key, body, condition);
        expect(await store.stat(key)).toMatchObject({ etag, bytes: body.bytes });
        // A refusal before the whole body came can break the connection: then once more.
        expect(body.opened()).toBeGreaterThan(1);
      }
    });

    test.each([[undefined], [{ ifAbsent: true } as const]])(
      'a streamed put whose answer was lost counts, though the store hangs up on the next: %j',
      async (condition) => {
        proxy.fail('lose-answer', { times: 1, only: /^PUT/ });
        const body = pieces(20);
        const open = () => {
          if (body.opened() === 1) proxy.fail('reset', { only: /^PUT/ });
          return body.open();
        };
        const etag = await store.put('c', { ...body, open }, condition);
        expect(body.opened()).toBe(3);
        proxy.heal();
        expect(await store.stat('c')).toMatchObject({ etag, bytes: body.bytes });
      },
    );

    test('a streamed put gives up after three', async () => {
      proxy.fail('unavailable', { only: /^PUT/ });
      const body = pieces(20);
      const message = expect.stringMatching(/503/);
      await expect(store.put('b', body)).rejects.toMatchObject({ ...unavailable, message });
      expect(body.opened()).toBe(3);
    });
  });
});

/** A stream of pieces of 64 KiB, with a pause before each, in ms. */
function pieces(count: number, pause: (i: number) => number = () => 0) {
  let opened = 0;
  async function* open() {
    opened++;
    for (let i = 0; i < count; i++) {
      await sleep(pause(i));
      yield Buffer.alloc(2 ** 16, i);
    }
  }
  return { bytes: count * 2 ** 16, open, opened: () => opened };
}
