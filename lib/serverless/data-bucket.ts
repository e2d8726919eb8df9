import type { QueueIds } from './queues.js';
import type { Resource } from './roles.js';

/** Logical id of the bucket in serverless.yml that holds uploads and results. */
export const dataBucketId = 'DataBucket';

/** Its name, as the text of an Fn::Sub. */
export type DataBucketName = string;

/** One queue and the name it has in AWS. */
export interface InboxQueue extends QueueIds {
  readonly model: string;
  readonly name: string;
}

/**
 * The name of the data bucket. It must be written out, because the queues' policies name the bucket and the bucket is made
 * after them (S3 asks at once whether it may send): a name that CloudFormation invents would be a circle.
 * @throws Error, one line, where the bucket or its name is missing
 */
export function dataBucketName(bucket: Resource | undefined): DataBucketName {
  if (bucket?.Type !== 'AWS::S3::Bucket') {
    throw new Error(
      `resources.Resources.${dataBucketId} is missing from serverless.yml: the bucket that holds uploads and results`,
    );
  }
  const { BucketName: name } = bucket.Properties;
  if (typeof name === 'string') return name;
  if (typeof name === 'object' && name !== null && 'Fn::Sub' in name && typeof name['Fn::Sub'] === 'string') {
    return name['Fn::Sub'];
  }
  throw new Error(
    `resources.Resources.${dataBucketId} needs a BucketName, a text or a !Sub: the policies of its queues name it before it is made`,
  );
}

/**
 * The data bucket with its notifications: an upload to `inbox/<model>/` goes to that model's queue. The slash at the end keeps
 * models apart whose names begin alike.
 * @throws Error, one line, where a notification of one's own would make results into inputs, or S3 would refuse it
 */
export function notifyingBucket(bucket: Resource, queues: readonly InboxQueue[]): Resource {
  const own = (bucket.Properties.NotificationConfiguration ?? {}) as Notifications;
  checkNotifications(own, queues);
  const QueueConfigurations = queues.map(({ model, queue }) => ({
    Event: 's3:ObjectCreated:*',
    Queue: { 'Fn::GetAtt': [queue, 'Arn'] },
    Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: inboxOf(model) }] } },
  }));
  return {
    ...bucket,
    DependsOn: [bucket.DependsOn ?? [], queues.map(({ policy }) => policy)].flat(),
    Properties: {
      ...bucket.Properties,
      NotificationConfiguration: {
        ...own,
        QueueConfigurations: [...(own.QueueConfigurations ?? []), ...QueueConfigurations],
      },
    },
  };
}

const inboxOf = (model: string): string => `inbox/${model}/`;

interface Notification {
  readonly Event: string;
  readonly Queue?: unknown;
  readonly Filter?: {
    readonly S3Key?: { readonly Rules?: readonly { readonly Name: string; readonly Value: string }[] };
  };
}

interface Notifications {
  readonly QueueConfigurations?: readonly Notification[];
  readonly TopicConfigurations?: readonly Notification[];
  readonly LambdaConfigurations?: readonly Notification[];
}

/**
 * One's own notifications are fine, say of results to a topic, as long as they don't reach a model's queue and don't meet the
 * inbox, where S3 allows one rule for each upload. Through topics or EventBridge nothing gets into a queue: its policy refuses.
 */
function checkNotifications(own: Notifications, queues: readonly InboxQueue[]): void {
  for (const kind of ['QueueConfigurations', 'TopicConfigurations', 'LambdaConfigurations'] as const) {
    for (const [index, { Filter, Queue }] of (own[kind] ?? []).entries()) {
      const where = `resources.Resources.${dataBucketId}.Properties.NotificationConfiguration.${kind}[${index}]`;
      const target = JSON.stringify(Queue ?? '');
      const ours = queues.find(
        ({ queue, name }) =>
          target.includes(`"${queue}"`) || target.includes(`{${queue}.`) || target.includes(`:${name}"`),
      );
      if (ours !== undefined) {
        throw new Error(
          `${where} sends to the batch queue of ${ours.model}, and results would become inputs; remove it: modelet sends ${inboxOf(ours.model)} there, and nothing else may`,
        );
      }
      const prefix = Filter?.S3Key?.Rules?.find(({ Name }) => Name.toLowerCase() === 'prefix')?.Value ?? '';
      const met = queues
        .map(({ model }) => inboxOf(model))
        .find((inbox) => inbox.startsWith(prefix) || prefix.startsWith(inbox));
      if (met !== undefined) {
        throw new Error(
          `${where} also takes uploads to ${met}, which go to the batch queue, and S3 allows one of the two; give it a prefix such as outbox/`,
        );
      }
    }
  }
}
