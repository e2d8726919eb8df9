import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { handOnMessage } from '../../lib/aws/queue-event.js';
import { sqsQueue } from '../../lib/aws/sqs-queue.js';
import { modeletCommand } from '../support/modelet-command.js';
import { requirePart } from '../support/requires.js';
import {
  type AwsServer,
  createQueues,
  type QueuePair,
  sqsServerInstalled,
  startElasticMq,
} from '../support/sqs-server.js';

requirePart(
  'ElasticMQ',
  sqsServerInstalled,
  'npm run sqs-server',
)('modelet redrive', () => {
  const { run } = modeletCommand();
  let server: AwsServer;
  let queues: QueuePair;
  let stage = 0;

  beforeAll(async () => {
    server = await startElasticMq();
    Object.assign(process.env, server.env);
  });

  beforeEach(async () => {
    stage += 1;
    // The service is that of serverless.yml.
    queues = await createQueues(server.sqs, `modelet-${stage}-digits-batch`, { seconds: 30, receives: 5 });
  });

  afterAll(() => server?.stop());

  async function waiting(QueueUrl = queues.url): Promise<string[]> {
    const { Messages = [] } = await server.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    return Messages.map(({ Body = '' }) => Body);
  }

  test('brings every dead letter back, once, and says why they were there', async () => {
    const { bury } = sqsQueue(queues);
    const why = { code: 'MODEL_UNAVAILABLE', reason: 's3://data does not answer; try again' };
    for (const body of ['one', 'two']) await bury(body, why);
    await bury('three', { code: 'MODEL_CORRUPT', reason: 'the checksum of weights.bin is another' });
    await server.sqs.send(new SendMessageCommand({ QueueUrl: queues.deadLetterUrl, MessageBody: 'four' }));

    const { code, out, err } = await run('redrive', 'digits', '--stage', String(stage));
    expect([code, err]).toEqual([0, '']);
    expect(out.trimEnd().split('\n')).toEqual([
      `digits: 4 message(s) are back in modelet-${stage}-digits-batch`,
      '  2 × MODEL_UNAVAILABLE: s3://data does not answer; try again',
      '  1 × MODEL_CORRUPT: the checksum of weights.bin is another',
      '  1 × NONE: its function was ended each time before it could say why: out of memory, or out of time',
    ]);
    expect((await waiting()).sort()).toEqual(['four', 'one', 'three', 'two']);
    expect(await waiting(queues.deadLetterUrl)).toEqual([]);
  });

  test('what was given up as endless starts to count again, and goes on where it stopped', async () => {
    const upload = { key: 'a b.jsonl', etag: '"e"' };
    const body = handOnMessage({ ...upload, hop: { count: 1000, records: 70, stalled: 1 } });
    await sqsQueue(queues).bury(body, { code: 'DEADLINE_EXCEEDED', reason: 'stopped' });
    const { out } = await run('redrive', 'digits', '--stage', String(stage), '--json');
    expect(JSON.parse(out)).toEqual({
      model: 'digits',
      queue: `modelet-${stage}-digits-batch`,
      redriven: 1,
      reasons: [{ code: 'DEADLINE_EXCEEDED', reason: 'stopped', count: 1 }],
      left: 0,
    });
    expect(await waiting()).toEqual([handOnMessage({ ...upload, hop: { count: 0, records: 70, stalled: 0 } })]);
  });

  test('what fails again at once is left, so that it ends', async () => {
    const { bury } = sqsQueue(queues);
    const why = { code: 'MODEL_CORRUPT', reason: 'still' };
    await bury('same', why);
    await bury('same', why);
    const { code, out } = await run('redrive', 'digits', '--stage', String(stage));
    expect([code, out]).toEqual([
      0,
      `digits: 1 message(s) are back in modelet-${stage}-digits-batch\n  1 × MODEL_CORRUPT: still\n1 failed again meanwhile and stay; mend what they say first\n`,
    ]);
  });

  test('an empty dead-letter queue is fine', async () => {
    const { code, out } = await run('redrive', 'digits', '--stage', String(stage));
    expect([code, out]).toEqual([0, 'digits: there is nothing to bring back\n']);
  });

  test.each([
    [
      ['digits', '--stage', 'nowhere'],
      1,
      'there is no queue modelet-nowhere-digits-batch in this region of the account\n--stage names the deployment\n',
    ],
    [['No Name'], 1, "'No Name' is no model's name\nuse that of custom.modelet.models in serverless.yml\n"],
    [[], 2, 'modelet redrive takes MODEL\nusage: modelet redrive MODEL [--stage NAME]\n'],
  ])('%j is refused', async (args, expected, message) => {
    const { code, err } = await run('redrive', ...args);
    expect([code, err]).toEqual([expected, message]);
  });

  test('a queue service that does not answer is one line, too', async () => {
    process.env.AWS_ENDPOINT_URL_SQS = 'http://127.0.0.1:9';
    const { code, err } = await run('redrive', 'digits');
    process.env.AWS_ENDPOINT_URL_SQS = server.endpoint;
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^SQS does not answer as it should \(.*\)\ntry again shortly\n$/),
    ]);
  });
});
