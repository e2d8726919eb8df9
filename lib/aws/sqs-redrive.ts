import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { ModeletError } from '../core/errors.js';
import { asking } from './asking.js';
import { startAgain } from './queue-event.js';
import { connectSqs } from './sqs-queue.js';

export interface Redriven {
  /** Messages that are back in the queue, by what had gone wrong; the most frequent first. */
  readonly reasons: readonly { readonly code: string; readonly reason: string; readonly count: number }[];
  /** Messages that failed again while this went on: what they need is not mended yet. They stay where they are. */
  readonly left: number;
}

/**
 * Brings the dead letters of a queue back into it, one after the other: sent first, then deleted, so that a break loses none.
 * What was handed on starts with a fresh count of hops, and goes on where it stopped.
 * @param name of the queue; its dead letters are in `<name>-dead`
 * @throws NOT_FOUND where there are no such queues, MODEL_UNAVAILABLE
 */
export async function redrive(name: string): Promise<Redriven> {
  const client = connectSqs();
  try {
    const url = await addressOf(client, name);
    const deadLetterUrl = await addressOf(client, `${name}-dead`);
    const reasons = new Map<string, { code: string; reason: string; count: number }>();
    const moved = new Set<string>();
    let left = 0;
    for await (const { Body = '', ReceiptHandle, MessageAttributes } of deadLetters(client, deadLetterUrl)) {
      const body = startAgain(Body);
      if (moved.has(body)) {
        left += 1;
        continue;
      }
      moved.add(body);
      await asking('SQS', () => client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body })));
      await asking('SQS', () => client.send(new DeleteMessageCommand({ QueueUrl: deadLetterUrl, ReceiptHandle })));
      const code = MessageAttributes?.code?.StringValue ?? 'NONE';
      const reason = MessageAttributes?.reason?.StringValue ?? killed;
      const entry = reasons.get(code + reason) ?? { code, reason, count: 0 };
      reasons.set(code + reason, { ...entry, count: entry.count + 1 });
    }
    return { reasons: [...reasons.values()].sort((one, other) => other.count - one.count), left };
  } finally {
    client.destroy();
  }
}

/** SQS itself has buried it. */
const killed = 'its function was ended each time before it could say why: out of memory, or out of time';

/** Until two seconds pass without one: a shorter look asks only some of SQS' servers. */
async function* deadLetters(client: SQSClient, QueueUrl: string): AsyncGenerator<Message> {
  while (true) {
    const look = { QueueUrl, WaitTimeSeconds: 2, MaxNumberOfMessages: 10, MessageAttributeNames: ['code', 'reason'] };
    // Seconds; what is left is not seen again in that time, and the loop ends.
    const command = new ReceiveMessageCommand({ ...look, VisibilityTimeout: 60 });
    const { Messages = [] } = await asking('SQS', () => client.send(command));
    if (Messages.length === 0) return;
    yield* Messages;
  }
}

async function addressOf(client: SQSClient, name: string): Promise<string> {
  return asking('SQS', async () => {
    const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    return QueueUrl;
  }).catch((error: unknown) => {
    if (!(error instanceof Error) || !(error.cause instanceof QueueDoesNotExist)) throw error;
    throw new ModeletError(
      'NOT_FOUND',
      `there is no queue ${name} in this region of the account; --stage names the deployment`,
    );
  });
}
