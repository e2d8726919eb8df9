import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { freePort } from './free-port.js';

const folder = resolve('.cache/sqs-server');

/** ElasticMQ and moto are there: for `requirePart`. */
export const sqsServerInstalled = existsSync(join(folder, 'installed.txt')); // written last by scripts/sqs-server.ts

export interface AwsServer {
  readonly endpoint: string;
  /** The SDK's standard environment for this server's queues. */
  readonly env: Readonly<Record<string, string>>;
  readonly sqs: SQSClient;
  stop(): Promise<void>;
}

export interface QueuePair {
  readonly url: string;
  readonly arn: string;
  readonly deadLetterUrl: string;
}

/** ElasticMQ on a free loopback port: real visibility times, receive counts and dead-letter queues; ready in about 2 s. */
export function startElasticMq(): Promise<AwsServer> {
  return start((port) => {
    const settings = {
      'node-address.host': '127.0.0.1',
      'node-address.port': port,
      'rest-sqs.bind-hostname': '127.0.0.1',
      'rest-sqs.bind-port': port,
      'rest-stats.enabled': false,
    };
    const flags = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
    // Up fast rather than fast later.
    const lean = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
    const classes = ['-cp', join(folder, 'elasticmq/*'), 'org.elasticmq.server.Main'];
    return spawn('java', [...lean, ...flags, ...classes], { stdio: ['ignore', 'ignore', 'pipe'] });
  });
}

/** moto on a free loopback port: S3 and SQS, and what S3 tells a queue of uploads; ready in about 2 s. */
export function startMoto(): Promise<AwsServer> {
  return start((port) => {
    const flags = ['-H', '127.0.0.1', '-p', String(port)];
    return spawn(join(folder, 'moto/bin/moto_server'), flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  });
}

async function start(launch: (port: number) => ChildProcess): Promise<AwsServer> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = launch(port);
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log = `${log}${chunk}`.slice(-4000);
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  };
  for (let tries = 0; ; tries++) {
    if (await answers(endpoint)) break;
    if (tries === 600 || child.exitCode !== null) {
      await stop();
      throw new Error(`${child.spawnfile} does not answer on ${endpoint}: ${log}`);
    }
    await sleep(50);
  }
  const [accessKeyId, secretAccessKey, region] = ['modelet', 'modelet-test-secret', 'eu-central-1'];
  const sqs = new SQSClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  return {
    endpoint,
    sqs,
    env: {
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    stop: async () => {
      sqs.destroy();
      await stop();
    },
  };
}

/** Any answer will do: what it says is for another protocol. */
const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint).then(
    () => true,
    () => false,
  );

/**
 * A queue and its dead letters as the plugin makes them, `name` and `name-dead`, but with a visibility time that a test can wait for.
 * @param options.seconds visibility time
 */
export async function createQueues(
  sqs: SQSClient,
  name: string,
  options: { readonly seconds: number; readonly receives: number },
): Promise<QueuePair> {
  const create = async (QueueName: string, Attributes: Record<string, string>) => {
    const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
    return { url, arn: answer.Attributes?.QueueArn ?? '' };
  };
  const dead = await create(`${name}-dead`, {});
  const queue = await create(name, {
    VisibilityTimeout: String(options.seconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: options.receives }),
  });
  return { ...queue, deadLetterUrl: dead.url };
}
