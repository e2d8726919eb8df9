import { batchKey } from './config.js';
import type { DataBucketName } from './data-bucket.js';
import type { Resource } from './roles.js';

/** Seconds that the batch function may take: as long as Lambda gives. */
export const batchTimeout = 900;
/** How often a message is received before it counts as failed for good. */
export const maxReceives = 5;
/** Seconds; AWS asks for six times the function's timeout. A message whose function was killed comes back after it. */
const visibility = 6 * batchTimeout;
/** Seconds; the longest that SQS keeps a message. */
const fourteenDays = 14 * 24 * 3600;

/** Logical ids of a model's queues, by the framework's form of a function's key. */
export interface QueueIds {
  readonly queue: string;
  readonly deadLetters: string;
  readonly policy: string;
}

export function queueIds(model: string, normalize: (key: string) => string): QueueIds {
  const queue = `${normalize(batchKey(model))}Queue`;
  return { queue, deadLetters: `${queue}Dead`, policy: `${queue}Policy` };
}

/**
 * A model's queue, the queue for what failed in it, and the policy by which only the data bucket may send to it: nothing else
 * of S3, and no other service, whatever else is configured.
 * @param name of the queue in AWS: `modelet-dev-digits-batch`; `modelet redrive` finds it by this name, and its dead letters at `…-dead`
 */
export function queueResources(ids: QueueIds, name: string, bucket: DataBucketName): Record<string, Resource> {
  const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
  return {
    [ids.deadLetters]: {
      Type: 'AWS::SQS::Queue',
      Properties: { QueueName: `${name}-dead`, MessageRetentionPeriod: fourteenDays, SqsManagedSseEnabled: true },
    },
    [ids.queue]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: name,
        VisibilityTimeout: visibility,
        MessageRetentionPeriod: fourteenDays,
        SqsManagedSseEnabled: true,
        RedrivePolicy: { deadLetterTargetArn: arn(ids.deadLetters), maxReceiveCount: maxReceives },
      },
    },
    [ids.policy]: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: ids.queue }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 's3.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: arn(ids.queue),
              Condition: {
                ArnEquals: { 'aws:SourceArn': { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${bucket}` } },
                StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
              },
            },
          ],
        },
      },
    },
  };
}
