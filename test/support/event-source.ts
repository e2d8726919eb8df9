import { DeleteMessageCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

/** What became of one message: the function settled it, or it comes back. */
export type Delivery = 'settled' | 'back';

/**
 * Lambda's event source mapping for one message (BatchSize 1, ReportBatchItemFailures): receives it, invokes the function,
 * and deletes it where that answered without naming it. A function that throws, or is killed, leaves it in the queue.
 * @param options.waitSeconds how long to wait for a message
 * @returns undefined where none came
 */
export async function deliverOne(
  sqs: SQSClient,
  url: string,
  invoke: (event: SQSEvent) => Promise<SQSBatchResponse>,
  { waitSeconds = 0 }: { readonly waitSeconds?: number } = {},
): Promise<Delivery | undefined> {
  const { Messages: [message] = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 1,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  if (message === undefined) return undefined;
  const answer = await invoke(eventOf(message)).catch(() => undefined);
  if (answer === undefined || answer.batchItemFailures.length > 0) return 'back';
  await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
  return 'settled';
}

/** "Using Lambda with Amazon SQS": the event of one message. */
export function eventOf({ MessageId, ReceiptHandle, Body, Attributes = {}, MD5OfBody }: Message): SQSEvent {
  return {
    Records: [
      {
        messageId: MessageId ?? '',
        receiptHandle: ReceiptHandle ?? '',
        body: Body ?? '',
        attributes: {
          ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
          SentTimestamp: Attributes.SentTimestamp ?? '',
          SenderId: Attributes.SenderId ?? '',
          ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '',
        },
        messageAttributes: {},
        md5OfBody: MD5OfBody ?? '',
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:modelet-test-batch',
        awsRegion: 'eu-central-1',
      },
    ],
  };
}
