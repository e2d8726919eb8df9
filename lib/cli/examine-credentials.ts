import type { Finding } from './finding.js';

/** Whether the AWS SDK finds any; not whether AWS takes them. */
export async function examineCredentials(): Promise<Finding> {
  const subject = 'credentials';
  const { wholeSdk } = await import('../registry/stores/s3-client.js');
  const { client } = await wholeSdk();
  try {
    await client.config.credentials();
    return { subject, state: 'ok', message: 'the AWS SDK finds some' };
  } catch {
    const message = 'the AWS SDK finds none: packaging works without, deploying does not';
    return { subject, state: 'warning', message, todo: 'aws configure, or aws sso login, or set AWS_PROFILE' };
  }
}
