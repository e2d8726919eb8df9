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
