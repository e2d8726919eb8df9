import { describe, expect, test } from '@jest/globals';
import validate from 'asl-validator';
import { stepErrors } from '../../lib/core/step-errors.js';
import { stateMachine } from '../../lib/serverless/state-machine.js';
import { stateMachineResources } from '../../lib/serverless/state-machine-resources.js';

const definition = JSON.parse(JSON.stringify(stateMachine).replaceAll(`\${DataBucket}`, 'data'));
const data = (path: string) => ({ 'Fn::Sub': `\${DataBucket.Arn}/${path}` });
const states = (rest: string) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:${rest}`,
});

describe('the state machine of distributed batches', () => {
  test('is good Amazon States Language, by its schema, its paths and its transitions', () => {
    expect(validate(definition)).toMatchObject({ isValid: true, errors: [] });
    expect(validate({ ...definition, StartAt: 'Nowhere' }).isValid).toBe(false);
  });

  test('tries again whatever is not final, everywhere', () => {
    const { Plan, Chunks, Merge, Explain } = definition.States;
    const tasks = [Plan, Chunks.ItemProcessor.States.Work, Merge, Explain];
    expect(JSON.stringify(definition).match(/lambda:invoke/g)).toHaveLength(tasks.length);
    for (const { Retry } of tasks) {
      expect(Retry[0]).toEqual({ ErrorEquals: [stepErrors.final], MaxAttempts: 0 });
      expect(Retry.at(-1)).toMatchObject({ ErrorEquals: ['States.ALL'], MaxAttempts: 4 });
    }
  });

  test("may call the models' batch functions, itself, and read and write what is its own in the data bucket; no more", () => {
    const resources = stateMachineResources('modelet-dev-distributed', ['A', 'B']);
    const { Policies } = resources.ModeletStateMachineRole?.Properties ?? {};
    const [policy] = Policies as { PolicyDocument: { Statement: unknown[] } }[];
    expect(policy?.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['lambda:InvokeFunction'],
        Resource: [{ 'Fn::GetAtt': ['A', 'Arn'] }, { 'Fn::GetAtt': ['B', 'Arn'] }],
      },
      {
        Effect: 'Allow',
        Action: ['states:StartExecution'],
        Resource: [states('stateMachine:modelet-dev-distributed')],
      },
      {
        Effect: 'Allow',
        Action: ['states:DescribeExecution', 'states:StopExecution'],
        Resource: [states('execution:modelet-dev-distributed:*'), states('execution:modelet-dev-distributed/*')],
      },
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [data('work/*.chunks.json')] },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
        Resource: [data('maps/*')],
      },
    ]);
  });
});
