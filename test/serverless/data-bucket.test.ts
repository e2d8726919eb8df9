import { describe, expect, test } from '@jest/globals';
import { dataBucketName, type InboxQueue, notifyingBucket } from '../../lib/serverless/data-bucket.js';
import type { Resource } from '../../lib/serverless/roles.js';

const queueOf = (model: string): InboxQueue => ({
  model,
  name: `modelet-dev-${model}-batch`,
  queue: `${model}Queue`,
  deadLetters: `${model}QueueDead`,
  policy: `${model}QueuePolicy`,
});
const queues = [queueOf('a'), queueOf('a-b')];

const bucket = (NotificationConfiguration?: unknown): Resource => ({
  Type: 'AWS::S3::Bucket',
  Properties: { BucketName: 'data', ...(NotificationConfiguration !== undefined && { NotificationConfiguration }) },
});
const topic = 'arn:aws:sns:eu-central-1:123456789012:results';
const prefixed = (prefix: string) => ({ S3Key: { Rules: [{ Name: 'prefix', Value: prefix }] } });
const created = { Event: 's3:ObjectCreated:*' };

describe('notifications of the data bucket', () => {
  test("one's own stand beside the inboxes', where they can't make results into inputs", () => {
    const own = {
      EventBridgeConfiguration: { EventBridgeEnabled: true },
      TopicConfigurations: [{ ...created, Topic: topic, Filter: prefixed('outbox/') }],
      QueueConfigurations: [
        { ...created, Queue: 'arn:aws:sqs:eu-central-1:123456789012:mine', Filter: prefixed('outbox/a/') },
      ],
      LambdaConfigurations: [{ ...created, Function: 'arn', Filter: prefixed('inbox/other/') }],
    };
    const { Properties, DependsOn } = notifyingBucket({ ...bucket(own), DependsOn: 'Other' }, queues);
    expect(DependsOn).toEqual(['Other', 'aQueuePolicy', 'a-bQueuePolicy']);
    expect(Properties.NotificationConfiguration).toEqual({
      ...own,
      QueueConfigurations: [
        own.QueueConfigurations[0],
        { ...created, Queue: { 'Fn::GetAtt': ['aQueue', 'Arn'] }, Filter: prefixed('inbox/a/') },
        { ...created, Queue: { 'Fn::GetAtt': ['a-bQueue', 'Arn'] }, Filter: prefixed('inbox/a-b/') },
      ],
    });
  });

  test.each([
    ['outbox/ by reference', { Queue: { 'Fn::GetAtt': ['aQueue', 'Arn'] }, Filter: prefixed('outbox/') }],
    ['outbox/ by a text with a reference', { Queue: { 'Fn::Sub': `\${aQueue.Arn}` }, Filter: prefixed('outbox/') }],
    [
      'outbox/ by address',
      { Queue: 'arn:aws:sqs:eu-central-1:123456789012:modelet-dev-a-batch', Filter: prefixed('outbox/') },
    ],
    ['all keys', { Queue: { 'Fn::GetAtt': ['aQueue', 'Arn'] } }],
    ['files/', { Queue: { 'Fn::GetAtt': ['aQueue', 'Arn'] }, Filter: prefixed('files/') }],
  ])("%s to a model's queue is refused: results would become inputs", (_, rule) => {
    expect(() => notifyingBucket(bucket({ QueueConfigurations: [{ ...created, ...rule }] }), queues)).toThrow(
      'resources.Resources.DataBucket.Properties.NotificationConfiguration.QueueConfigurations[0] sends to the batch queue of a, and results would become inputs; remove it: modelet sends inbox/a/ there, and nothing else may',
    );
  });

  test.each([
    ['all keys', undefined],
    ['keys of any prefix', { S3Key: { Rules: [{ Name: 'suffix', Value: '.jsonl' }] } }],
    ['every inbox', prefixed('inbox/')],
    ['part of an inbox', prefixed('inbox/a/night/')],
    ['prefixes written otherwise', { S3Key: { Rules: [{ Name: 'Prefix', Value: 'in' }] } }],
  ])("%s to a place of one's own is refused: S3 allows one rule for each upload", (_, Filter) => {
    const rule = { ...created, Topic: topic, ...(Filter && { Filter }) };
    expect(() => notifyingBucket(bucket({ TopicConfigurations: [rule] }), queues)).toThrow(
      /^resources\.Resources\.DataBucket\.Properties\.NotificationConfiguration\.TopicConfigurations\[0\] also takes uploads to inbox\/a\/, .*; give it a prefix such as outbox\/$/,
    );
  });
});

describe('the name of the data bucket', () => {
  test('is a text, or what CloudFormation makes of one', () => {
    expect(dataBucketName(bucket())).toBe('data');
    const sub = { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Sub': `data-\${AWS::AccountId}` } } };
    expect(dataBucketName(sub)).toBe(`data-\${AWS::AccountId}`);
  });

  test.each([
    ['no bucket', undefined, /DataBucket is missing from serverless\.yml/],
    ['no bucket by its type', { Type: 'AWS::SQS::Queue', Properties: {} }, /DataBucket is missing/],
    ['no name', { Type: 'AWS::S3::Bucket', Properties: {} }, /DataBucket needs a BucketName, a text or a !Sub/],
    [
      'a name known only later',
      { Type: 'AWS::S3::Bucket', Properties: { BucketName: { Ref: 'Name' } } },
      /needs a BucketName/,
    ],
  ])('%s is refused', (_, resource, why) => expect(() => dataBucketName(resource)).toThrow(why));
});
