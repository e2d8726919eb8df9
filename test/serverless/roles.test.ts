import { describe, expect, test } from '@jest/globals';
import { batchRole, catalogRole, modelRole, type Resource } from '../../lib/serverless/roles.js';

const statements = (role: Resource) => {
  const [policy] = role.Properties.Policies as { PolicyDocument: { Statement: unknown[] } }[];
  return policy?.PolicyDocument.Statement;
};
const ownLog = (group: string) => ({
  Effect: 'Allow',
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: { 'Fn::GetAtt': [group, 'Arn'] },
});

describe('roles', () => {
  test("a model's function reads its own model, writes its own log, and keeps its jobs; nothing else", () => {
    const data = (folder: string) => ({ 'Fn::Sub': `\${DataBucket.Arn}/${folder}` });
    expect(statements(modelRole('digits', 'DigitsLogGroup'))).toEqual([
      ownLog('DigitsLogGroup'),
      {
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: [{ 'Fn::Sub': `\${ModelsBucket.Arn}/registry/digits/*` }],
      },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: { 'Fn::GetAtt': ['ModelsBucket', 'Arn'] },
        Condition: { StringLike: { 's3:prefix': ['registry/digits/*'] } },
      },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: [data('jobs/digits/*'), data('inbox/digits/jobs/*')],
      },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:DeleteObject'],
        Resource: [data('outbox/digits/jobs/*'), data('work/digits/jobs/*')],
      },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: { 'Fn::GetAtt': ['DataBucket', 'Arn'] },
        Condition: {
          StringLike: {
            's3:prefix': ['jobs/digits/*', 'inbox/digits/jobs/*', 'outbox/digits/jobs/*', 'work/digits/jobs/*'],
          },
        },
      },
    ]);
  });

  test("a model's batch function besides reads uploads, keeps results, and takes from its own queue; no more", () => {
    const ids = { queue: 'Queue', deadLetters: 'Dead', policy: 'Policy' };
    const ofModel = (statements(modelRole('digits', 'BatchLogGroup')) ?? []).slice(0, 3);
    const [first, second, third, ...further] = statements(batchRole('digits', 'BatchLogGroup', ids)) ?? [];
    expect([first, second, third]).toEqual(ofModel);
    const data = (folder: string) => ({ 'Fn::Sub': `\${DataBucket.Arn}/${folder}/digits/*` });
    expect(further).toEqual([
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [data('inbox'), data('files')] },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
        Resource: [data('outbox'), data('work')],
      },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: { 'Fn::GetAtt': ['DataBucket', 'Arn'] },
        Condition: {
          StringLike: { 's3:prefix': ['inbox/digits/*', 'files/digits/*', 'outbox/digits/*', 'work/digits/*'] },
        },
      },
      {
        Effect: 'Allow',
        Action: [
          'sqs:ReceiveMessage',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:ChangeMessageVisibility',
          'sqs:SendMessage',
        ],
        Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      },
      { Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: { 'Fn::GetAtt': ['Dead', 'Arn'] } },
    ]);
  });

  test('the catalog reads manifests and aliases of the deployed models, no weights', () => {
    expect(statements(catalogRole(['digits', 'sentiment'], 'CatalogLogGroup'))).toEqual([
      ownLog('CatalogLogGroup'),
      {
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: [
          { 'Fn::Sub': `\${ModelsBucket.Arn}/registry/digits/versions/*/manifest.json` },
          { 'Fn::Sub': `\${ModelsBucket.Arn}/registry/digits/aliases/*.json` },
          { 'Fn::Sub': `\${ModelsBucket.Arn}/registry/sentiment/versions/*/manifest.json` },
          { 'Fn::Sub': `\${ModelsBucket.Arn}/registry/sentiment/aliases/*.json` },
        ],
      },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: { 'Fn::GetAtt': ['ModelsBucket', 'Arn'] },
        Condition: { StringLike: { 's3:prefix': ['registry/digits/*', 'registry/sentiment/*'] } },
      },
    ]);
  });
});
