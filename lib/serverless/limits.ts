/** CloudFormation takes at most this many resources in a stack. */
const stackResources = 500;
const warnAbove = 450;
/** Characters in the name of a Lambda function. */
const functionName = 64;

/**
 * @returns a warning when the stack comes close to CloudFormation's limit
 * @throws Error when it is over the limit, so that packaging fails and not the deployment
 */
export function checkResourceCount(count: number, models: number): string | undefined {
  const stack = `${models} models make a stack of ${count} resources`;
  const remedy = 'split them over several services, or nest stacks';
  if (count > stackResources) throw new Error(`${stack}, and CloudFormation takes ${stackResources}; ${remedy}`);
  if (count > warnAbove)
    return `${stack} of the ${stackResources} that CloudFormation takes; ${remedy} before it is full`;
  return undefined;
}

/** @throws Error when the name is longer than Lambda takes */
export function checkFunctionName(name: string): void {
  if (name.length <= functionName) return;
  throw new Error(
    `${name} has ${name.length} characters and Lambda takes ${functionName}; shorten the name of the service, stage or model`,
  );
}

/**
 * @param name as the text of an Fn::Sub; account and region are put in as short as they can be
 * @throws Error when S3 would not take the name
 */
export function checkBucketName(name: string): void {
  const shortest = name.replace(/\$\{AWS::AccountId\}/, '123456789012').replace(/\$\{AWS::Region\}/, 'eu-west-1');
  if (/\$\{/.test(shortest) || /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(shortest)) return;
  throw new Error(
    `${name} is no name for a bucket: use 3 to 63 of a-z, 0-9, "-" and "."; shorten or lower the name of the service or stage`,
  );
}
