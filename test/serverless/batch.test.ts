import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { restEvent } from '../support/api-events.js';
import { createService, slsPackage } from './package-service.js';
import { readTemplate, resources, type Template } from './template.js';

let template: Template;
let folder: string;
let service: string;

beforeAll(async () => {
  // A second model, whose name begins like the first one's.
  service = await createService((yml) => yml.replace('digits: {}', 'digits: {}\n      digits-too: { concurrency: 2 }'));
  // Both from one file: what is packaged does not matter here.
  writeFileSync(`${service}/functions/digits-too.ts`, "export { handler } from './catalog.js';");
  const packaged = await slsPackage(service);
  expect([packaged.code, packaged.code === 0 ? '' : packaged.output]).toEqual([0, '']);
  folder = packaged.folder;
  template = readTemplate(folder);
});

afterAll(() => rmSync(service, { recursive: true, force: true }));

const properties = (id: string) => template.Resources[id]?.Properties;
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

describe('from an upload to the function', () => {
  test('each inbox goes to its own queue, and nothing else of the bucket anywhere', () => {
    const rule = (model: string, queue: string) => ({
      Event: 's3:ObjectCreated:*',
      Queue: arn(queue),
      Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: `inbox/${model}/` }] } },
    });
    expect(properties('DataBucket')?.NotificationConfiguration).toEqual({
      QueueConfigurations: [rule('digits', 'DigitsDashbatchQueue'), rule('digits-too', 'DigitsDashtooDashbatchQueue')],
    });
  });

  test('the bucket is made after the policies that let it send, which name it without waiting for it', () => {
    const policies = resources(template, 'SQS::QueuePolicy');
    expect(template.Resources.DataBucket?.DependsOn).toEqual(policies.map(([id]) => id));
    const name = `modelet-dev-data-\${AWS::AccountId}-\${AWS::Region}`;
    expect(properties('DataBucket')?.BucketName).toEqual({ 'Fn::Sub': name });
    for (const [, { PolicyDocument }] of policies) {
      expect(PolicyDocument).toEqual({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 's3.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: arn(expect.stringMatching(/^DigitsD(?:ashtooD)?ashbatchQueue$/) as unknown as string),
            Condition: {
              ArnEquals: { 'aws:SourceArn': { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${name}` } },
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            },
          },
        ],
      });
    }
  });

  test('a queue hides a message for six timeouts of its function, and gives it up after five tries', () => {
    const timeout = Number(properties('DigitsDashbatchLambdaFunction')?.Timeout);
    expect(properties('DigitsDashbatchQueue')).toEqual({
      QueueName: 'modelet-dev-digits-batch',
      VisibilityTimeout: 6 * timeout,
      MessageRetentionPeriod: 14 * 24 * 3600,
      SqsManagedSseEnabled: true,
      RedrivePolicy: { deadLetterTargetArn: arn('DigitsDashbatchQueueDead'), maxReceiveCount: 5 },
    });
    expect(properties('DigitsDashbatchQueueDead')).toEqual({
      QueueName: 'modelet-dev-digits-batch-dead',
      MessageRetentionPeriod: 14 * 24 * 3600,
      SqsManagedSseEnabled: true,
    });
  });

  test('the function takes one message at a time, says which failed, and runs only so often at once', () => {
    const mappings = resources(template, 'Lambda::EventSourceMapping').map(([, mapping]) => mapping);
    expect(mappings).toEqual([
      {
        BatchSize: 1,
        EventSourceArn: arn('DigitsDashbatchQueue'),
        FunctionName: arn('DigitsDashbatchLambdaFunction'),
        Enabled: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 10 },
      },
      expect.objectContaining({
        EventSourceArn: arn('DigitsDashtooDashbatchQueue'),
        ScalingConfig: { MaximumConcurrency: 2 },
      }),
    ]);
  });

  test('only the batch functions may send themselves messages again and again', () => {
    const allowed = resources(template, 'Lambda::Function').filter(
      ([, { RecursiveLoop }]) => RecursiveLoop === 'Allow',
    );
    expect(allowed.map(([id]) => id)).toEqual([
      'DigitsDashbatchLambdaFunction',
      'DigitsDashtooDashbatchLambdaFunction',
    ]);
  });

  test('both functions of a model are the same zip', () => {
    const keyOf = (id: string) => JSON.stringify(properties(id)?.Code);
    expect(keyOf('DigitsLambdaFunction')).toMatch(/\/digits\.zip"/);
    expect(keyOf('DigitsDashbatchLambdaFunction')).toBe(keyOf('DigitsLambdaFunction'));
  });
});

test('a notification by which results could become inputs is refused when packaging, in one line', async () => {
  const own = `NotificationConfiguration:
          QueueConfigurations:
            - Event: s3:ObjectCreated:*
              Queue: !GetAtt DigitsDashbatchQueue.Arn
              Filter: { S3Key: { Rules: [{ Name: prefix, Value: outbox/ }] } }
        BucketName: `;
  const dir = await createService((yml) => yml.replace('BucketName: ', own));
  const { code, output } = await slsPackage(dir);
  rmSync(dir, { recursive: true });
  expect(code).toBe(1);
  expect(output).toMatch(
    /QueueConfigurations\[0\] sends to the batch queue of digits, and results would become inputs/,
  );
  expect(output).not.toMatch(/^\s+at /m);
});

test('the data bucket is encrypted, private, and empties itself', () => {
  expect(properties('DataBucket')).toMatchObject({
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    LifecycleConfiguration: {
      Rules: [
        {
          Status: 'Enabled',
          ExpirationInDays: 30,
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: expect.any(Number) },
        },
      ],
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
  });
});

test('a request reads no code of batches or queues, which lies in chunks of its own', () => {
  const unpacked = mkdtempSync(join(tmpdir(), 'modelet-zip-'));
  const files = unzipSync(readFileSync(join(folder, 'digits.zip')));
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(unpacked, file), bytes);
  const event = restEvent({ method: 'GET', target: '/models/digits' });
  const script = `require('./function.cjs').handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 29000 })
    .then(({ statusCode }) => console.error(JSON.stringify({ statusCode, read: Object.keys(require.cache) })))`;
  const { stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: unpacked,
    env: { ...process.env, MODELET_REGISTRY: resolve('models') },
    encoding: 'utf8',
  });
  rmSync(unpacked, { recursive: true });
  const { statusCode, read } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as {
    statusCode: number;
    read: string[];
  };
  expect(statusCode).toBe(200);
  const known = (names: readonly string[]) =>
    names.filter((name) => /(serve-queue|sqs-queue|csv-rows)-\w+\.cjs$/.test(name));
  expect(known(Object.keys(files))).toHaveLength(3);
  expect(read.length).toBeGreaterThan(0);
  expect(known(read)).toEqual([]);
});

test('docs/batch.md tells the times and counts that are deployed', () => {
  const docs = readFileSync('docs/batch.md', 'utf8');
  const { VisibilityTimeout, RedrivePolicy } = properties('DigitsDashbatchQueue') ?? {};
  const { maxReceiveCount } = RedrivePolicy as { maxReceiveCount: number };
  expect(docs).toContain(`the visibility time, ${Number(VisibilityTimeout) / 60} minutes`);
  expect(docs).toContain(`${maxReceiveCount} tries failed`);
  expect(docs).toContain(`longer than ${Number(properties('DigitsDashbatchLambdaFunction')?.Timeout) / 60} minutes`);
});
