import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import fc from 'fast-check';
import { openStore } from '../../lib/registry/stores/open-store.js';
import { wholeSdk } from '../../lib/registry/stores/s3-client.js';
import { uploadInParts } from '../../lib/registry/stores/s3-multipart.js';
import { SourceFailed } from '../../lib/registry/stores/streamed-body.js';
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

  test('an object in parts, which becomes one where the condition holds', async () => {
    const bucket = { Bucket: 'models', Key: 'parts/a' };
    const body = randomBytes(12_000_000);
    const streamed = {
      bytes: body.length,
      open: async function* () {
        for (let at = 0; at < body.length; at += 1_234_567) yield body.subarray(at, at + 1_234_567);
      },
    };
    const put = async (condition: { IfNoneMatch: string } | { IfMatch: string }) =>
      uploadInParts(await wholeSdk(), { ...bucket, ...condition }, streamed, 5 * 2 ** 20);
    const store = await openStore('s3://models/parts');
    const first = await put({ IfNoneMatch: '*' });
    const etag = (await store.stat('a'))?.etag ?? '';
    expect(first).toEqual({ etag });
    expect(Buffer.from((await store.get('a'))?.body ?? []).equals(body)).toBe(true);
    expect(await put({ IfMatch: etag })).toEqual({ etag });
    expect(await put({ IfNoneMatch: '*' })).toMatchObject({ error: { name: 'PreconditionFailed' } });
    expect(await put({ IfMatch: '"other"' })).toMatchObject({ error: { name: 'PreconditionFailed' } });
    streamed.bytes++;
    expect(await put({ IfMatch: etag })).toMatchObject({ error: expect.any(SourceFailed) });

    const { S3Client, ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
    const left = await new S3Client({ forcePathStyle: true }).send(new ListMultipartUploadsCommand(bucket));
    expect(left.Uploads ?? []).toEqual([]);
  });

  test('takes every key that a key may be', async () => {
    const store = await open();
    const part = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((text) => !/[\p{Cc}\p{Cs}\\/]|^\.{1,2}$|^\.modelet-/u.test(text) && Buffer.byteLength(text) <= 255);
    const ascii = fc
      .string({ unit: 'binary-ascii', minLength: 1, maxLength: 20 })
      .map((text) => text.replace(/[\p{Cc}/\\]/gu, '+'));
    const key = fc.array(
      fc.oneof(
        part,
        ascii.filter((text) => !/^\.{1,2}$/.test(text)),
      ),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(key, async (parts) => {
        // Below a folder of its own: a file can't be where a folder is.
        const folder = `${randomUUID()}/`;
        const name = folder + parts.join('/');
        const etag = await store.put(name, bytes(name));
        expect(await store.get(name)).toMatchObject({ etag, body: new Uint8Array(Buffer.from(name)) });
        expect(await store.stat(name)).toMatchObject({ etag, bytes: Buffer.byteLength(name) });
        const above =
          folder +
          parts
            .slice(0, -1)
            .map((each) => `${each}/`)
            .join('');
        expect(await store.list(above)).toEqual([parts.at(-1)]);
      }),
      { numRuns: 60 },
    );
  });

  test('reads without the SDK, which is in no chunk but its own', async () => {
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL('../../lib/registry/stores/s3-store.ts', import.meta.url))],
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      mainFields: ['module', 'main'],
      outdir: 'unwritten',
      write: false,
      metafile: true,
      logLevel: 'error',
    });
    const reached = new Set(Object.keys(metafile.outputs).filter((path) => path.endsWith('s3-store.js')));
    for (const path of reached) {
      for (const { path: next, kind } of metafile.outputs[path]?.imports ?? []) {
        if (kind === 'import-statement') reached.add(next);
      }
    }
    const inputs = [...reached].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}));
    expect(inputs.some((input) => input.includes('@smithy/signature-v4'))).toBe(true);
    expect(inputs.filter((input) => input.includes('@aws-sdk/client-s3'))).toEqual([]);
  });

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
