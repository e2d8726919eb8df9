import {
  ChangeMessageVisibilityCommand,
  type MessageAttributeValue,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { asking } from './asking.js';
import type { Queue } from './queue-handler.js';

/** SQS by the AWS SDK's standard configuration. A call that gets no answer fails within 15 s, its retries among them. */
export function connectSqs(): SQSClient {
  return new SQSClient({
    requestHandler: { connectionTimeout: 2000, requestTimeout: 4000, throwOnRequestTimeout: true },
  });
}

/** The two queues of a model, by their addresses. */
export function sqsQueue({ url, deadLetterUrl }: { url: string; deadLetterUrl: string }): Queue {
  const client = connectSqs();
  return {
    handOn: (body) =>
      asking('SQS', async () => {
        await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
      }),
    postpone: (ReceiptHandle, VisibilityTimeout) =>
      asking('SQS', async () => {
        await client.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout }));
      }),
    bury: (body, { code, reason }) =>
      asking('SQS', async () => {
        const MessageAttributes = { code: text(code), reason: text(reason) };
        await client.send(new SendMessageCommand({ QueueUrl: deadLetterUrl, MessageBody: body, MessageAttributes }));
      }),
  };
}

/** SQS takes no control characters, and no empty value. */
function text(value: string): MessageAttributeValue {
  const StringValue = value.replace(/\p{Cc}|\p{Noncharacter_Code_Point}/gu, '?') || '?';
  return { DataType: 'String', StringValue };
}
