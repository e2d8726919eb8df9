// Batch inference as deployed: the packaged zip behind a queue. moto tells the queue of uploads as S3 does, by the notifications
// of the packaged template; ElasticMQ redelivers what a killed function left, beside a real S3 server.
import { existsSync, rmSync } from 'node:fs';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { redrive } from '../../lib/aws/sqs-redrive.js';
import { pushVersion } from '../../lib/registry/push.js';
import { createRegistry } from '../../lib/registry/registry.js';
import { fileStore } from '../../lib/registry/stores/file-store.js';
import { s3Store } from '../../lib/registry/stores/s3-store.js';
import { greyPng } from '../../training/grey-png.js';
import { readMnist } from '../../training/mnist.js';
import { createService, slsPackage } from '../serverless/package-service.js';
import { readTemplate, type Template } from '../serverless/template.js';
import { type Delivery, deliverOne } from '../support/event-source.js';
import { type Lambda, lambdaClientInstalled, startLambda } from '../support/lambda-runtime.js';
import { requirePart } from '../support/requires.js';
import { describeWithS3, type S3Server, startS3Server } from '../support/s3-server.js';
import {
  type AwsServer,
  createQueues,
  type QueuePair,
  sqsServerInstalled,
  startElasticMq,
  startMoto,
} from '../support/sqs-server.js';

const mnist = '../shared/data/mnist';
const [models, data] = ['models', 'data'];
const needs = [
  describeWithS3,
  requirePart('ElasticMQ and moto', sqsServerInstalled, 'npm run sqs-server'),
  requirePart('aws-lambda-ric', lambdaClientInstalled, 'npm run lambda-client'),
  requirePart(`MNIST (${mnist})`, existsSync(mnist), 'a copy of shared/ beside this checkout'),
];
const describeQueue = needs.includes(describe.skip) ? describe.skip : describe;

describeQueue('the packaged zip behind its queue', () => {
  let service: string;
  let zip: string;
  let template: Template;
  /** A PNG of each digit, at the digit's index. */
  let digits: string[];
  const stopped: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const { side, images, labels } = readMnist(mnist, 't10k');
    digits = Array.from({ length: 10 }, (_, digit) => {
      const index = labels.indexOf(digit);
      return Buffer.from(greyPng(images.slice(index * side * side, (index + 1) * side * side), side)).toString(
        'base64',
      );
    });
    service = await createService();
    const packaged = await slsPackage(service);
    expect(packaged).toMatchObject({ code: 0 });
    zip = `${packaged.folder}/digits.zip`;
    template = readTemplate(packaged.folder);
  });

  afterAll(async () => {
    for (const stop of stopped.reverse()) await stop();
    if (service !== undefined) rmSync(service, { recursive: true });
  });

  /** A line for each record, of which the one at `index` shows the digit `index % 10`. */
  const jsonl = (records: number): string =>
    Array.from(
      { length: records },
      (_, index) => `{"id":"r${index}","instance":{"b64":"${digits[index % 10]}"}}\n`,
    ).join('');

  /** The registry and an empty data bucket in the S3 server that the environment names. */
  async function fill(env: Readonly<Record<string, string>>): Promise<S3Client> {
    Object.assign(process.env, env);
    const s3 = new S3Client({ forcePathStyle: true });
    stopped.push(async () => s3.destroy());
    for (const Bucket of [models, data]) await s3.send(new CreateBucketCommand({ Bucket }));
    const target = createRegistry(s3Store(`s3://${models}/registry`));
    await pushVersion(createRegistry(fileStore('models')), target, {
      model: 'digits',
      version: '1',
      alias: 'production',
    });
    return s3;
  }

  async function start(env: Readonly<Record<string, string>>, queues: QueuePair): Promise<Lambda> {
    const lambda = await startLambda({
      zip,
      handler: 'index.handler',
      env: {
        MODELET_REGISTRY: `s3://${models}/registry`,
        MODELET_DATA: `s3://${data}`,
        MODELET_QUEUE_URL: queues.url,
        MODELET_DEAD_LETTER_URL: queues.deadLetterUrl,
        MODELET_QUEUE_RECEIVES: '5',
        ...env,
      },
    });
    stopped.push(() => lambda.stop());
    return lambda;
  }

  /** Objects of this upload. */
  async function keys(s3: S3Client, key: string): Promise<string[]> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: data }));
    return Contents.map(({ Key = '' }) => Key).filter((name) => name.includes(key));
  }

  async function text(s3: S3Client, Key: string): Promise<string> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: data, Key }));
    return (await Body?.transformToString()) ?? '';
  }

  /** Every record once, in order, and right. */
  async function expectWhole(s3: S3Client, key: string, records: number): Promise<void> {
    const rows = (await text(s3, `outbox/digits/${key}/results.jsonl`)).trimEnd().split('\n');
    const wrong = rows
      .map((row) => JSON.parse(row) as { index: number; id: string; output?: { label: string } })
      .filter(({ index, id, output }, at) => index !== at || id !== `r${at}` || output?.label !== String(at % 10));
    expect([rows.length, wrong]).toEqual([records, []]);
    const summary: unknown = JSON.parse(await text(s3, `outbox/digits/${key}/summary.json`));
    expect(summary).toMatchObject({ model: 'digits', version: '1' });
    expect(await keys(s3, key)).toEqual([
      `inbox/digits/${key}`,
      `outbox/digits/${key}/results.jsonl`,
      `outbox/digits/${key}/summary.json`,
    ]);
  }

  describe('told by S3 of uploads', () => {
    let moto: AwsServer;
    let queues: QueuePair;
    let s3: S3Client;
    let lambda: Lambda;
    const bodies: string[] = [];

    const deliver = (): Promise<Delivery | undefined> =>
      deliverOne(moto.sqs, queues.url, (event) => {
        bodies.push(event.Records[0]?.body ?? '');
        return invoking(lambda)(event);
      });

    beforeAll(async () => {
      moto = await startMoto();
      stopped.push(() => moto.stop());
      const env = { ...moto.env, AWS_ENDPOINT_URL_S3: moto.endpoint };
      s3 = await fill(env);
      queues = await createQueues(moto.sqs, 'modelet-dev-digits-batch', { seconds: 30, receives: 5 });
      await s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: data,
          NotificationConfiguration: notificationsOf(template, queues.arn),
        }),
      );
      lambda = await start(env, queues);
    });

    test("S3's own test message is settled", async () => {
      expect(await deliver()).toBe('settled');
      expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ Event: 's3:TestEvent' });
    });

    test('an upload becomes its results, which wake nobody', async () => {
      const key = 'night shift/größe+1.jsonl';
      await s3.send(new PutObjectCommand({ Bucket: data, Key: `inbox/digits/${key}`, Body: jsonl(50) }));
      expect(await deliver()).toBe('settled');
      await expectWhole(s3, key, 50);
      expect(await deliver()).toBeUndefined();
    });

    test('the same message once more changes nothing', async () => {
      const before = await keys(s3, '');
      const summaries = await Promise.all(before.map((key) => text(s3, key)));
      await moto.sqs.send(new SendMessageCommand({ QueueUrl: queues.url, MessageBody: bodies[1] ?? '' }));
      expect(await deliver()).toBe('settled');
      expect(await keys(s3, '')).toEqual(before);
      expect(await Promise.all(before.map((key) => text(s3, key)))).toEqual(summaries);
    });

    test('an upload elsewhere wakes nobody', async () => {
      for (const Key of ['outbox/digits/x.jsonl', 'inbox/digits-too/x.jsonl', 'files/digits/x.png']) {
        await s3.send(new PutObjectCommand({ Bucket: data, Key, Body: 'x' }));
      }
      expect(await deliver()).toBeUndefined();
    });
  });

  describe('over several invocations', () => {
    const key = 'long.jsonl';
    const records = 15_000; // more than three seconds suffice for
    let sqs: AwsServer;
    let gateway: S3Server;
    let queues: QueuePair;
    let s3: S3Client;
    let env: Readonly<Record<string, string>>;

    beforeAll(async () => {
      [sqs, gateway] = await Promise.all([startElasticMq(), startS3Server()]);
      stopped.push(
        () => sqs.stop(),
        () => gateway.stop(),
      );
      env = { ...sqs.env, ...gateway.env() };
      s3 = await fill(env);
      queues = await createQueues(sqs.sqs, 'modelet-dev-digits-batch', { seconds: 2, receives: 5 });
      await s3.send(new PutObjectCommand({ Bucket: data, Key: `inbox/digits/${key}`, Body: jsonl(records) }));
      await sqs.sqs.send(new SendMessageCommand({ QueueUrl: queues.url, MessageBody: JSON.stringify(told(key)) }));
    });

    test('one is killed, its message comes back, and short ones hand on until the result is whole', async () => {
      let lambda = await start(env, queues);
      const killed = deliverOne(sqs.sqs, queues.url, invoking(lambda));
      await new Promise((done) => setTimeout(done, 1000)); // it is at work
      await lambda.stop();
      expect(await killed).toBe('back');

      lambda = await start(env, queues);
      const received: string[] = [];
      const invoke = (event: SQSEvent) => {
        received.push(event.Records[0]?.attributes.ApproximateReceiveCount ?? '');
        return invoking(lambda, { timeoutMs: 3000 })(event);
      };
      const deliveries: (Delivery | undefined)[] = [];
      do deliveries.push(await deliverOne(sqs.sqs, queues.url, invoke, { waitSeconds: 3 }));
      while (deliveries.at(-1) !== undefined && deliveries.length < 40);

      expect(received[0]).toBe('2');
      expect(lambda.logs()).toMatch(/handed on/);
      await expectWhole(s3, key, records);
      const look = new ReceiveMessageCommand({ QueueUrl: queues.deadLetterUrl });
      expect((await sqs.sqs.send(look)).Messages ?? []).toEqual([]);
    });

    test('an outage ends in the dead-letter queue, with its reason; redriven, the upload gets its results', async () => {
      const [late, name] = ['late.jsonl', 'modelet-dev-digits-batch'];
      const lambda = await start({ ...env, MODELET_QUEUE_RECEIVES: '1' }, queues); // the first try is the last
      const deliver = () => deliverOne(sqs.sqs, queues.url, invoking(lambda), { waitSeconds: 3 });
      await s3.send(new PutObjectCommand({ Bucket: data, Key: `inbox/digits/${late}`, Body: jsonl(20) }));
      await sqs.sqs.send(new SendMessageCommand({ QueueUrl: queues.url, MessageBody: JSON.stringify(told(late)) }));
      await gateway.crash();
      expect(await deliver()).toBe('settled');
      await gateway.restart();
      expect(await keys(s3, late)).toEqual([`inbox/digits/${late}`]);

      const { reasons } = await redrive(name);
      expect(reasons).toEqual([{ code: 'MODEL_UNAVAILABLE', reason: expect.stringContaining('s3://'), count: 1 }]);
      expect(await deliver()).toBe('settled');
      await expectWhole(s3, late, 20);
    });
  });
});

/** A function's answer to a queue, which by its type may be any. */
const invoking =
  (lambda: Lambda, options?: { timeoutMs: number }) =>
  async (event: SQSEvent): Promise<SQSBatchResponse> =>
    (await lambda.invoke(event, options)) as SQSBatchResponse;

/** The notifications of the packaged data bucket, with the queue's address in the place of its reference. */
function notificationsOf({ Resources }: Template, arn: string): NotificationConfiguration {
  const { QueueConfigurations } = (Resources.DataBucket?.Properties.NotificationConfiguration ?? {}) as {
    QueueConfigurations: { Event: string; Filter: { S3Key: { Rules: { Name: 'prefix'; Value: string }[] } } }[];
  };
  return {
    QueueConfigurations: QueueConfigurations.map(({ Event, Filter }) => ({
      QueueArn: arn,
      Events: [Event as 's3:ObjectCreated:*'],
      Filter: { Key: { FilterRules: Filter.S3Key.Rules } },
    })),
  };
}

/** S3's notification, as far as it matters. */
function told(key: string) {
  const s3 = { bucket: { name: data }, object: { key: `inbox/digits/${key}`, eTag: 'e', size: 1, sequencer: '00' } };
  return { Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }] };
}
