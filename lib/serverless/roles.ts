/** A CloudFormation resource. */
export interface Resource {
  readonly Type: string;
  DependsOn?: string | string[];
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** Logical id of the bucket in serverless.yml, and the folder in it that holds the registry. */
export const bucketId = 'ModelsBucket';
export const registryPrefix = 'registry';

const objects = (pattern: string) => ({ 'Fn::Sub': `\${${bucketId}.Arn}/${registryPrefix}/${pattern}` });

/** The role of a model's function: reads and lists its own model, writes its own log. */
export function modelRole(model: string, logGroupId: string): Resource {
  return role(logGroupId, [model], [objects(`${model}/*`)]);
}

/** The role of the catalog: manifests and aliases of the deployed models, no weights. */
export function catalogRole(models: readonly string[], logGroupId: string): Resource {
  const readable = models.flatMap((model) => [
    objects(`${model}/versions/*/manifest.json`),
    objects(`${model}/aliases/*.json`),
  ]);
  return role(logGroupId, models, readable);
}

function role(logGroupId: string, models: readonly string[], readable: readonly unknown[]): Resource {
  const statements = [
    // The ARN of a log group ends in `:*`, its streams.
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], { 'Fn::GetAtt': [logGroupId, 'Arn'] }),
    allow(['s3:GetObject'], readable),
    {
      // Also what makes S3 answer 404 for a missing key, and not 403: it takes the key asked for as the prefix.
      ...allow(['s3:ListBucket'], { 'Fn::GetAtt': [bucketId, 'Arn'] }),
      Condition: { StringLike: { 's3:prefix': models.map((model) => `${registryPrefix}/${model}/*`) } },
    },
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

const allow = (actions: readonly string[], resource: unknown) => ({
  Effect: 'Allow',
  Action: actions,
  Resource: resource,
});
