import { describe, expect, test } from '@jest/globals';
import { catalogRole, modelRole, type Resource } from '../../lib/serverless/roles.js';

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
  test("a model's function reads and lists its own model and writes its own log, nothing else", () => {
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
