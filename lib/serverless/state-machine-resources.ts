import { dataBucketId } from './data-bucket.js';
import type { Resource } from './roles.js';
import { stateMachine } from './state-machine.js';

const stateMachineId = 'ModeletStateMachine';
const roleId = 'ModeletStateMachineRole';

/**
 * The state machine of distributed batches and its role. There is no log group: Step Functions keeps the history of an execution
 * for 90 days by itself, and to deliver logs is a permission that can't be given for less than everything.
 * @param name of the machine in AWS: `modelet-dev-distributed`
 * @param functionIds logical ids of the models' batch functions
 */
export function stateMachineResources(name: string, functionIds: readonly string[]): Record<string, Resource> {
  const arn = (rest: string) => ({
    'Fn::Sub': `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:${rest}`,
  });
  const data = (path: string) => ({ 'Fn::Sub': `\${${dataBucketId}.Arn}/${path}` });
  const allow = (Action: readonly string[], Resource: readonly unknown[]) => ({ Effect: 'Allow', Action, Resource });
  return {
    [roleId]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'states.amazonaws.com' },
              Action: 'sts:AssumeRole',
              Condition: {
                ArnLike: { 'aws:SourceArn': arn(`stateMachine:${name}`) },
                StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
              },
            },
          ],
        },
        Policies: [
          {
            PolicyName: 'least',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                allow(
                  ['lambda:InvokeFunction'],
                  functionIds.map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })),
                ),
                // Each batch of a map's items is an execution of its own, of the same machine.
                allow(['states:StartExecution'], [arn(`stateMachine:${name}`)]),
                allow(
                  ['states:DescribeExecution', 'states:StopExecution'],
                  [arn(`execution:${name}:*`), arn(`execution:${name}/*`)],
                ),
                allow(['s3:GetObject'], [data('work/*.chunks.json')]),
                allow(
                  ['s3:GetObject', 's3:PutObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
                  [data('maps/*')],
                ),
              ],
            },
          },
        ],
      },
    },
    [stateMachineId]: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: name,
        StateMachineType: 'STANDARD',
        RoleArn: { 'Fn::GetAtt': [roleId, 'Arn'] },
        Definition: stateMachine,
        DefinitionSubstitutions: { DataBucket: { Ref: dataBucketId } },
      },
    },
  };
}
