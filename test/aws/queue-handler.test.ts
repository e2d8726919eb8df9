import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { createQueueHandler, type Queue, type QueueWork } from '../../lib/aws/queue-handler.js';
import { sqsQueue } from '../../lib/aws/sqs-queue.js';
import { ModeletError } from '../../lib/core/errors.js';
import { type Delivery, deliverOne } from '../support/event-source.js';
import { requirePart } from '../support/requires.js';
import {
  type AwsServer,
  createQueues,
  type QueuePair,
  sqsServerInstalled,
  startElasticMq,
} from '../support/sqs-server.js';

const unavailable = () => new ModeletError('MODEL_UNAVAILABLE', 's3://data does not answer; try again');
const unfinished = (records: number) => ({ state: 'unfinished', records }) as const;
const done = { state: 'done' } as const;
const receives = 3;

requirePart(
  'ElasticMQ',
  sqsServerInstalled,
  'npm run sqs-server',
)('a queue of uploads', () => {
  let server: AwsServer;
  let queues: QueuePair;
  let lines: string[] = [];
  let number = 0;

  beforeAll(async () => {
    server = await startElasticMq();
    Object.assign(process.env, server.env);
  });

  afterAll(() => server?.stop());

  const log = (level: string) => (message: string) => void lines.push(`${level} ${message}`);

  /** A function and a queue of its own, whose messages come back after a second rather than after 90 minutes. */
  async function start(run: QueueWork['run'], overrides: Partial<Queue> = {}) {
    number += 1;
    queues = await createQueues(server.sqs, `test-${number}`, { seconds: 1, receives });
    lines = [];
    const queue = sqsQueue(queues);
    const handler = createQueueHandler({
      inbox: { model: 'digits', bucket: 'data', prefix: '' },
      receives,
      log: { info: log('info'), warn: log('warn'), error: log('error'), event: log('event') },
      openQueue: async () => ({
        ...queue,
        postpone: (receipt, seconds) => {
          lines.push(`postponed by ${seconds} s`);
          return queue.postpone(receipt, 0);
        },
        ...overrides,
      }),
      run,
    });
    return (event: SQSEvent) => handler(event, () => 1000);
  }

  const send = (body: unknown) =>
    server.sqs.send(
      new SendMessageCommand({
        QueueUrl: queues.url,
        MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    );

  /** Until the queue is empty, messages that are invisible among them. */
  async function drain(
    invoke: (event: SQSEvent) => ReturnType<Awaited<ReturnType<typeof start>>>,
  ): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    while (true) {
      const delivery = await deliverOne(server.sqs, queues.url, invoke, {
        waitSeconds: (await size(queues.url)) ? 2 : 0,
      });
      if (delivery === undefined && (await size(queues.url)) === 0) return deliveries;
      if (delivery !== undefined) deliveries.push(delivery);
    }
  }

  async function size(QueueUrl: string): Promise<number> {
    const { Attributes } = await server.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    return Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible);
  }

  async function deadLetters() {
    const { Messages = [] } = await server.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queues.deadLetterUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
      }),
    );
    return Messages.map(({ Body, MessageAttributes }) => ({
      body: Body,
      code: MessageAttributes?.code?.StringValue,
      reason: MessageAttributes?.reason?.StringValue,
    }));
  }

  test('an upload is worked on once, and its message is gone', async () => {
    const seen: string[] = [];
    const invoke = await start(async ({ key, etag }) => {
      seen.push(`${key} ${etag}`);
      return done;
    });
    await send(upload('x.jsonl'));
    expect(await drain(invoke)).toEqual(['settled']);
    expect(seen).toEqual(['x.jsonl "e1"']);
    expect(await deadLetters()).toEqual([]);
  });

  test('a fault of the moment brings the message back, later and later, until it succeeds', async () => {
    let tries = 0;
    const invoke = await start(async () => {
      tries += 1;
      if (tries < receives) throw unavailable();
      return done;
    });
    await send(upload('x.jsonl'));
    expect(await drain(invoke)).toEqual(['back', 'back', 'settled']);
    expect(lines.filter((line) => line.startsWith('postponed'))).toEqual(['postponed by 30 s', 'postponed by 120 s']);
    expect(await deadLetters()).toEqual([]);
  });

  test('after the last try the message is in the dead-letter queue, with its reason', async () => {
    const invoke = await start(async () => {
      throw unavailable();
    });
    await send(upload('x.jsonl'));
    expect(await drain(invoke)).toEqual(['back', 'back', 'settled']);
    expect(await deadLetters()).toEqual([
      {
        body: JSON.stringify(upload('x.jsonl')),
        code: 'MODEL_UNAVAILABLE',
        reason: 's3://data does not answer; try again',
      },
    ]);
  });

  test('a killed function leaves its message, which comes back after the visibility time; SQS itself buries it', async () => {
    let invocations = 0;
    await start(async () => done);
    const killed = async () => {
      invocations += 1;
      throw new Error('Runtime.ExitError');
    };
    await send(upload('x.jsonl'));
    expect(await drain(killed)).toEqual(['back', 'back', 'back']);
    expect(invocations).toBe(receives);
    expect(await deadLetters()).toEqual([
      { body: JSON.stringify(upload('x.jsonl')), code: undefined, reason: undefined },
    ]);
  });

  test.each([
    [
      'what no try can mend',
      upload('x.jsonl'),
      new ModeletError('MODEL_CORRUPT', 'the checksum of weights.bin is another'),
      { code: 'MODEL_CORRUPT', reason: 'the checksum of weights.bin is another' },
    ],
    [
      'a message of an unknown shape',
      'hello',
      undefined,
      { code: 'INVALID_INPUT', reason: expect.stringMatching(/^the message is neither/) },
    ],
  ])('%s is buried at once', async (_, message, error, buried) => {
    const invoke = await start(async () => {
      throw error ?? new Error('not reached');
    });
    await send(message);
    expect(await drain(invoke)).toEqual(['settled']);
    expect(await deadLetters()).toEqual([expect.objectContaining(buried)]);
  });

  test('a fault of ours is tried again, and its words, which may quote the input, stay out of the queue and the log', async () => {
    const invoke = await start(async () => {
      throw new TypeError('Unexpected token s in secret');
    });
    await send(upload('x.jsonl'));
    expect(await drain(invoke)).toHaveLength(receives);
    const [buried] = await deadLetters();
    expect(buried).toMatchObject({ code: 'UNEXPECTED', reason: expect.stringMatching(/^TypeError, a fault/) });
    expect(lines.join()).not.toContain('secret');
  });

  test.each([
    ['the test message of S3', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'data' }],
    ['a result, by a notification set up too widely', upload('results.jsonl', 'outbox/digits/x.jsonl/')],
  ])('%s is settled without work', async (_, message) => {
    const invoke = await start(async () => {
      throw new Error('not reached');
    });
    await send(message);
    expect(await drain(invoke)).toEqual(['settled']);
    expect(lines).toEqual(['warn ignored a message']);
    expect(await deadLetters()).toEqual([]);
  });

  test('what an invocation does not finish, the next ones do: one message after the other, with what is done so far', async () => {
    const hops: unknown[] = [];
    const invoke = await start(async ({ key, hop }) => {
      hops.push(hop);
      expect(key).toBe('long one.jsonl');
      return hops.length < 20 ? unfinished(hops.length * 10) : done;
    });
    await send(upload('long+one.jsonl'));
    expect(await drain(invoke)).toHaveLength(20);
    expect(hops[0]).toBeUndefined();
    expect(hops[1]).toEqual({ count: 1, records: 10, stalled: 0 });
    expect(hops[19]).toEqual({ count: 19, records: 190, stalled: 0 });
  });

  test('two invocations in a row that come no further end it', async () => {
    const records = [10, 10, 20, 20, 20, 20];
    const invoke = await start(async () => unfinished(records.shift() ?? 0));
    await send(upload('x.jsonl'));
    expect(await drain(invoke)).toHaveLength(5);
    expect(await deadLetters()).toEqual([
      {
        body: expect.stringContaining('"count":5'),
        code: 'DEADLINE_EXCEEDED',
        reason: expect.stringMatching(/^stopped at record 20 after 5 invocations: 2 of them in a row did none; split/),
      },
    ]);
  });

  test('the thousandth invocation is the last', async () => {
    const invoke = await start(async () => unfinished(5000));
    await send({ handOn: { key: 'x.jsonl', etag: '"e1"', hop: { count: 999, records: 4000, stalled: 0 } } });
    expect(await drain(invoke)).toEqual(['settled']);
    expect(await deadLetters()).toMatchObject([
      { reason: expect.stringMatching(/^stopped at record 5000 after 1000 invocations: no more/) },
    ]);
  });

  test.each(['handOn', 'bury', 'postpone'] as const)(
    'where the queue does not take %s, the message comes back',
    async (call) => {
      const away = async () => {
        throw unavailable();
      };
      const invoke = await start(
        async () => {
          if (call === 'handOn') return unfinished(1);
          throw call === 'bury' ? new ModeletError('MODEL_CORRUPT', 'bad') : unavailable();
        },
        { [call]: away },
      );
      await send(upload('x.jsonl'));
      expect(await deliverOne(server.sqs, queues.url, invoke)).toBe('back');
      expect(await size(queues.url)).toBe(1);
    },
  );
});

describe('several messages in one event', () => {
  test('are answered one by one', async () => {
    const failures: string[] = [];
    const handler = createQueueHandler({
      inbox: { model: 'digits', bucket: 'data', prefix: '' },
      receives,
      log: { info: () => {}, warn: () => {}, error: () => {}, event: () => {} },
      openQueue: async () => ({ handOn: async () => {}, postpone: async () => {}, bury: async () => {} }),
      run: async ({ key }) => {
        if (key !== 'bad.jsonl') return done;
        failures.push(key);
        throw unavailable();
      },
    });
    const record = (messageId: string, key: string) => ({
      messageId,
      body: JSON.stringify(upload(key)),
      attributes: { ApproximateReceiveCount: '1' },
      eventSource: 'aws:sqs',
    });
    const event = { Records: [record('1', 'a.jsonl'), record('2', 'bad.jsonl'), record('3', 'b.jsonl')] };
    expect(await handler(event as unknown as SQSEvent, () => 1000)).toEqual({
      batchItemFailures: [{ itemIdentifier: '2' }],
    });
    expect(failures).toEqual(['bad.jsonl']);
  });
});

/** S3's notification, as far as it matters. `key` as S3 encodes it. */
function upload(key: string, folder = 'inbox/digits/') {
  const s3 = { bucket: { name: 'data' }, object: { key: folder + key, eTag: 'e1', size: 1, sequencer: '00' } };
  return { Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }] };
}
