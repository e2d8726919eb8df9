import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { freePort } from './free-port.js';

const program = resolve('.cache/bin/versitygw');

/** It is there: for `requirePart`. */
export const s3ServerInstalled = existsSync(program);

export interface S3Server {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** The SDK's standard environment for this server; `endpoint` for a proxy before it. */
  env(endpoint?: string): Record<string, string>;
  createBucket(name: string): Promise<void>;
  /** A user without any right; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. */
  createStranger(): Promise<Record<string, string>>;
  /** Ends the process; what it stores stays until `stop`. */
  crash(): Promise<void>;
  /** Starts it again on the same port, with what it stored. */
  restart(): Promise<void>;
  /** Ends the process and removes what it stored. */
  stop(): Promise<void>;
}

/** A real S3 server (versitygw) on a free loopback port over a temporary folder; ready when this resolves, in about 0.1 s. */
export async function startS3Server(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'modelet-s3-'));
  const region = 'eu-central-1';
  const credentials = { accessKeyId: 'modelet', secretAccessKey: 'modelet-test-secret' };
  await Promise.all(['buckets', 'users'].map((name) => mkdir(join(folder, name))));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;

  async function run(): Promise<ChildProcess> {
    const flags = ['--port', `127.0.0.1:${port}`, '--region', region, '--iam-dir', join(folder, 'users')];
    // etags live in extended attributes. versitygw's sidecar folder needs none, but then a reader can meet new bytes with an old etag.
    const rest = ['--health', '/health', '--keep-alive', '--quiet', 'posix', join(folder, 'buckets')];
    const child = spawn(program, [...flags, ...rest], {
      env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.on('data', (chunk) => {
      log += chunk;
    });
    for (let tries = 0; tries < 400; tries++) {
      if (child.exitCode !== null) break;
      if (
        await fetch(`${endpoint}/health`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return child;
      await sleep(25);
    }
    child.kill('SIGKILL');
    throw new Error(`versitygw did not start on ${endpoint}: ${log}`);
  }

  let child = await run();
  const crash = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  };

  return {
    endpoint,
    region,
    ...credentials,
    env: (at = endpoint) => ({
      AWS_ENDPOINT_URL_S3: at,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    }),
    createBucket: async (name) => {
      const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: name }));
      client.destroy();
    },
    createStranger: async () => {
      const root = [
        '-a',
        credentials.accessKeyId,
        '-s',
        credentials.secretAccessKey,
        '-er',
        endpoint,
        '--region',
        region,
      ];
      const user = ['-a', 'stranger', '-s', 'stranger-test-secret', '-r', 'user'];
      await promisify(execFile)(program, ['admin', ...root, 'create-user', ...user]);
      return { AWS_ACCESS_KEY_ID: 'stranger', AWS_SECRET_ACCESS_KEY: 'stranger-test-secret' };
    },
    crash,
    restart: async () => {
      child = await run();
    },
    stop: async () => {
      await crash();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
