import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';
import { objectStoreContract } from './object-store.contract.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
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
