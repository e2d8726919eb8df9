import { dataBucketId } from './data-bucket.js';
import type { QueueIds } from './queues.js';

/** A CloudFormation resource. */
export interface Resource {
  readonly Type: string;
  DependsOn?: string | string[];
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** Logical id of the bucket in serverless.yml, and the folder in it that holds the registry. */
export const bucketId = 'ModelsBucket';
export const registryPrefix = 'registry';

type Statement = Readonly<Record<string, unknown>>;

const objects = (pattern: string) => ({ 'Fn::Sub': `\${${bucketId}.Arn}/${registryPrefix}/${pattern}` });

/**
 * The role of a model's function: reads and lists its own model, writes its own log. In the data bucket it has its jobs, and what
 * they upload and get; an address that it signs for others allows no more than it may itself.
 */
export function modelRole(model: string, logGroupId: string): Resource {
  const data = (folder: string) => ({ 'Fn::Sub': `\${${dataBucketId}.Arn}/${folder}` });
  return role(
    logGroupId,
    [model],
    [objects(`${model}/*`)],
    [
      allow(
        ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        [data(`jobs/${model}/*`), data(`inbox/${model}/jobs/*`)],
      ),
      allow(['s3:GetObject', 's3:DeleteObject'], [data(`outbox/${model}/jobs/*`), data(`work/${model}/jobs/*`)]),
      list(dataBucketId, [
        `jobs/${model}/*`,
        ...['inbox', 'outbox', 'work'].map((folder) => `${folder}/${model}/jobs/*`),
      ]),
    ],
  );
}

/**
 * The role of a model's batch function: what the model's function may, and in the data bucket reads uploads and the files they
 * name, and keeps its own state and results. It takes from its queue and hands on to it, and buries what failed.
 */
export function batchRole(model: string, logGroupId: string, { queue, deadLetters }: QueueIds): Resource {
  const data = (folder: string) => ({ 'Fn::Sub': `\${${dataBucketId}.Arn}/${folder}/${model}/*` });
  return role(
    logGroupId,
    [model],
    [objects(`${model}/*`)],
    [
      allow(['s3:GetObject'], [data('inbox'), data('files')]),
      allow(
        ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
        [data('outbox'), data('work')],
      ),
      list(
        dataBucketId,
        ['inbox', 'files', 'outbox', 'work'].map((folder) => `${folder}/${model}/*`),
      ),
      allow(
        // The first three are what Lambda itself needs to bring messages.
        [
          'sqs:ReceiveMessage',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:ChangeMessageVisibility',
          'sqs:SendMessage',
        ],
        { 'Fn::GetAtt': [queue, 'Arn'] },
      ),
      allow(['sqs:SendMessage'], { 'Fn::GetAtt': [deadLetters, 'Arn'] }),
    ],
  );
}

/** The role of the catalog: manifests and aliases of the deployed models, no weights. */
export function catalogRole(models: readonly string[], logGroupId: string): Resource {
  const readable = models.flatMap((model) => [
    objects(`${model}/versions/*/manifest.json`),
    objects(`${model}/aliases/*.json`),
  ]);
  return role(logGroupId, models, readable);
}

function role(
  logGroupId: string,
  models: readonly string[],
  readable: readonly unknown[],
  further: readonly Statement[] = [],
): Resource {
  const statements = [
    // The ARN of a log group ends in `:*`, its streams.
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], { 'Fn::GetAtt': [logGroupId, 'Arn'] }),
    allow(['s3:GetObject'], readable),
    list(
      bucketId,
      models.map((model) => `${registryPrefix}/${model}/*`),
    ),
    ...further,
  ];
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      Policies: [{ PolicyName: 'least', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  };
}

/** Also what makes S3 answer 404 for a missing key, and not 403: it takes the key asked for as the prefix. */
const list = (bucket: string, prefixes: readonly string[]): Statement => ({
  ...allow(['s3:ListBucket'], { 'Fn::GetAtt': [bucket, 'Arn'] }),
  Condition: { StringLike: { 's3:prefix': prefixes } },
});

const allow = (actions: readonly string[], resource: unknown): Statement => ({
  Effect: 'Allow',
  Action: actions,
  Resource: resource,
});
