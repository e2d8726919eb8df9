import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ObjectStore } from '../../lib/core/object-store.js';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';
import { objectStoreContract } from './object-store.contract.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
/** Settles as the work does, or fails when that takes longer than `limit` ms. */
async function within<T>(limit: number, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = sleep(limit, undefined, { signal: late.signal }).then(() => {
    throw new Error(`took longer than ${limit} ms`);
  });
  return Promise.race([work, timer]).finally(() => late.abort());
}

const unavailable = { code: 'MODEL_UNAVAILABLE', retryable: true };

describeWithS3('S3 store', () => {
  const environment = { ...process.env };
  let server: S3Server;
  let proxy: FaultProxy;
  let stores = 0;
  const open = (name = `prefix-${++stores}/deep`) => openStore(`s3://models/${name}`);

  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket('models');
    proxy = await startFaultProxy(server.endpoint);
    Object.assign(process.env, server.env(proxy.endpoint));
  });

  afterAll(async () => {
    process.env = environment;
    await proxy?.stop();
    await server?.stop();
  });

  beforeEach(() => {
    proxy.heal();
    proxy.forget();
  });

  describe('contract', () => objectStoreContract(open));

  describe('locations', () => {
    test('a bucket without a prefix, and slashes at the end', async () => {
      await server.createBucket('whole');
      await (await openStore('s3://whole')).put('a/b', bytes('x'));
      expect(await (await openStore('s3://whole/')).list('a/')).toEqual(['b']);
      expect(await (await openStore('s3://whole/a//')).list('')).toEqual(['b']);
    });

    test.each(['s3://', 's3:///a', 's3://bucket/../a', 's3://bucket/a//b'])('refuses %s', async (location) => {
      await expect(openStore(location)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    });

    test('path style for an endpoint by name too', async () => {
      const store = await open();
      process.env.AWS_ENDPOINT_URL_S3 = proxy.endpoint.replace('127.0.0.1', 'localhost');
      try {
        await store.put('a', bytes('x'));
      } finally {
        process.env.AWS_ENDPOINT_URL_S3 = proxy.endpoint;
      }
      expect(proxy.requests).toEqual([`PUT /models/prefix-${stores}/deep/a`]);
    });

    test('an object named like the folder, as consoles make it, is not listed', async () => {
      const store = await open('console');
      const client = await import('@aws-sdk/client-s3');
      await new client.S3Client({}).send(
        new client.PutObjectCommand({ Bucket: 'models', Key: 'console/a/', Body: new Uint8Array() }),
      );
      await store.put('a/b', bytes('x'));
      expect(await store.list('a/')).toEqual(['b']);
      expect(await store.list('')).toEqual(['a/']);
    });
  });

  test('what nobody asks for is held back', async () => {
    let given = 0;
    const chunk = Buffer.alloc(2 ** 20);
    const endless = createServer(async (_, answer) => {
      answer.writeHead(200, { etag: '"x"', 'content-length': 2 ** 30 });
      for (; given < 2 ** 30 && !answer.destroyed; given += chunk.length) {
        if (!answer.write(chunk)) await once(answer, 'drain').catch(() => undefined);
      }
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    process.env.AWS_ENDPOINT_URL_S3 = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
    try {
      const stream = await (await open()).read('a');
      if (stream === undefined || stream === 'changed') throw new Error('no stream');
      for await (const first of stream.body) {
        expect(first.length).toBeLessThanOrEqual(2 ** 20);
        await sleep(500);
        break;
      }
      // The kernel's buffers hold a few MB.
      expect(given).toBeLessThan(2 ** 26);
    } finally {
      process.env.AWS_ENDPOINT_URL_S3 = proxy.endpoint;
      endless.close();
      endless.closeAllConnections();
    }
  });

  describe('faults', () => {
    let store: ObjectStore;
    beforeEach(async () => {
      store = await open();
      await store.put('a', bytes('content'));
      proxy.forget();
    });

    /** Fails as MODEL_UNAVAILABLE within the time (ms), naming location and key, then works again. */
    async function failsThenRecovers(work: () => Promise<unknown>, limit: number, heal: () => unknown, why: RegExp) {
      const error = await within(limit, work()).then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ ...unavailable, message: expect.stringMatching(why), cause: expect.anything() });
      expect(error?.message).toContain(`"a" in s3://models/prefix-${stores}/deep`);
      expect(error?.message).not.toMatch(/test-secret|content/);
      await heal();
      expect(Buffer.from((await store.get('a'))?.body ?? []).toString()).toBe('content');
    }

    test('server down, then back with its objects', async () => {
      await server.crash();
      Object.assign(process.env, server.env());
      store = await open(`prefix-${stores}/deep`);
      try {
        await failsThenRecovers(() => store.get('a'), 3000, server.restart, /ECONNREFUSED/);
        await server.crash();
        await failsThenRecovers(() => store.put('a', bytes('new')), 3000, server.restart, /ECONNREFUSED/);
        // A kept connection to the server before.
        await server.crash();
        await server.restart();
        expect((await store.get('a'))?.body).toHaveLength(7);
      } finally {
        Object.assign(process.env, server.env(proxy.endpoint));
      }
    });

    test('503, after three attempts', async () => {
      proxy.fail('unavailable');
      await failsThenRecovers(() => store.get('a'), 6000, proxy.heal, /503 SlowDown/);
      expect(proxy.count(/^GET .*\/a$/)).toBe(4);
    });

    test('one 503 is nobody’s business', async () => {
      proxy.fail('unavailable', { times: 1 });
      expect((await store.get('a'))?.body).toHaveLength(7);
      expect(proxy.requests).toHaveLength(2);
    });

    test('a broken connection', async () => {
      proxy.fail('reset');
      await failsThenRecovers(() => store.get('a'), 3000, proxy.heal, /.*/);
    });

    test('a store that never answers', async () => {
      proxy.fail('stall');
      await Promise.all([
        failsThenRecovers(() => store.put('a', bytes('content')), 17_000, proxy.heal, /in time/),
        expect(within(11_000, store.get('b'))).rejects.toMatchObject(unavailable),
        expect(within(11_000, store.list(''))).rejects.toMatchObject(unavailable),
        expect(within(11_000, store.delete('b'))).rejects.toMatchObject(unavailable),
      ]);
    });

    test('a body cut in the middle', async () => {
      proxy.fail('cut');
      await failsThenRecovers(() => store.get('a'), 3000, proxy.heal, /.*/);
    });

    test('a body that stalls in the middle', async () => {
      proxy.fail('stall-body');
      await failsThenRecovers(() => store.get('a'), 11_000, proxy.heal, /in time/);
    });

    test.each(['stall', 'stall-body'] as const)('abort ends a get at once: %s', async (fault) => {
      proxy.fail(fault);
      const start = performance.now();
      await expect(store.get('a', { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({
        name: 'TimeoutError',
      });
      expect(performance.now() - start).toBeLessThan(1500);
    });

    /** A stream of `pieces` pieces of 64 KiB, with a pause before each. */
    const streamed = (pieces: number, pause = 0, last = pause) => {
      let opened = 0;
      async function* open() {
        opened++;
        for (let i = 0; i < pieces; i++) {
          await sleep(i === pieces - 1 ? last : pause);
          yield Buffer.alloc(2 ** 16, i);
        }
      }
      return { bytes: pieces * 2 ** 16, open, opened: () => opened };
    };

    test.each(['unavailable', 'reset', 'lose-answer'] as const)('a streamed put is opened again: %s', async (fault) => {
      for (const condition of [undefined, { ifAbsent: true }] as const) {
        proxy.fail(fault, { times: 1, only: /^PUT/ });
        const body = streamed(20);
        const etag = await store.put(`b/${String(condition?.ifAbsent)}`, body, condition);
        expect(await store.stat(`b/${String(condition?.ifAbsent)}`)).toMatchObject({ etag, bytes: body.bytes });
        expect(body.opened()).toBe(2);
      }
    });

    test('a streamed put gives up after three', async () => {
      proxy.fail('unavailable', { only: /^PUT/ });
      const body = streamed(20);
      await expect(store.put('b', body)).rejects.toMatchObject({
        ...unavailable,
        message: expect.stringMatching(/503/),
      });
      expect(body.opened()).toBe(3);
    });

    test('streams whose other end is busy do not count as stalled', async () => {
      const body = streamed(3, 0, 6000);
      const [etag] = await Promise.all([store.put('b', body), slowlyRead()]);
      expect(body.opened()).toBe(1);
      expect(await store.stat('b')).toMatchObject({ etag });

      async function slowlyRead() {
        await store.put('c', Buffer.alloc(2 ** 24, 1));
        const stream = await store.read('c');
        if (stream === undefined || stream === 'changed') throw new Error('no stream');
        let came = 0;
        for await (const chunk of stream.body) {
          if (came === 0) await sleep(6000);
          came += chunk.length;
        }
        expect(came).toBe(2 ** 24);
      }
    }, 20_000);

    test.each([
      ['cut', /bytes came|aborted|ECONNRESET/],
      ['stall-body', /in time/],
    ] as const)('a stream that breaks off says so: %s', async (fault, why) => {
      await store.put('b', randomBytes(2 ** 20));
      proxy.fail(fault);
      const stream = await store.read('b', { start: 10 });
      if (stream === undefined || stream === 'changed') throw new Error('no stream');
      let came = 0;
      const reading = (async () => {
        for await (const chunk of stream.body) came += chunk.length;
      })();
      await expect(within(7000, reading)).rejects.toMatchObject({
        ...unavailable,
        message: expect.stringMatching(why),
      });
      expect(came).toBeLessThan(2 ** 20 - 10);
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
  });

  describe('refusals name the fix', () => {
    test('no such bucket', async () => {
      const store = await openStore('s3://nowhere/models');
      for (const work of [
        () => store.get('a'),
        () => store.list(''),
        () => store.put('a', bytes('x'), { ifAbsent: true }),
      ]) {
        await expect(work()).rejects.toMatchObject({
          ...unavailable,
          message: expect.stringMatching(/s3:\/\/nowhere\/models.*no such bucket/),
        });
      }
    });

    test.each([
      ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong-secret' }, /SignatureDoesNotMatch/],
      ['an unknown key', { AWS_ACCESS_KEY_ID: 'stranger' }, /InvalidAccessKeyId/],
      ['no right', () => server.createStranger(), /access denied.*s3:ListBucket/],
      ['no region', { AWS_REGION: undefined }, /AWS_REGION/],
    ])('%s', async (_, change, why) => {
      const store = await open();
      for (const [name, value] of Object.entries(typeof change === 'function' ? await change() : change)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      try {
        const error = await store.get('a').catch((thrown: Error) => thrown);
        expect(error).toMatchObject({ ...unavailable, message: expect.stringMatching(why) });
        expect(String(error)).not.toMatch(/test-secret|stranger/);
      } finally {
        Object.assign(process.env, server.env(proxy.endpoint));
      }
    });
  });
});
