import { ModeletError } from '../../core/errors.js';

/** What is read of an SDK or network error. */
interface Failure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  /** Where the bucket is. */
  readonly region?: string | undefined;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

/** HTTP status of S3's answer; undefined when none came. */
export const statusOf = (error: unknown): number | undefined => (error as Failure).$metadata?.httpStatusCode;

/** How often the SDK sent the request. */
export const attemptsOf = (error: unknown): number => (error as Failure).$metadata?.attempts ?? 1;

/** Whether there is no such object. A 404 of another name is a missing bucket, or no S3 server. */
export function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes((error as Failure).name ?? '');
}

/** Whether the same request may do better in a moment. */
export function isPassing(error: unknown): boolean {
  const { name = '' } = error as Failure;
  const status = statusOf(error);
  if (status === undefined) return name !== 'CredentialsProviderError';
  return status >= 500 || status === 429 || ['RequestTimeout', 'RequestTimeTooSkewed'].includes(name);
}

/** Whether the connection was broken off by the other side, or on the way to it; the SDK may keep no more of it than the text. */
export function isHungUp(error: unknown): boolean {
  const { code = '', message = '' } = error as Failure;
  return /ECONNRESET|EPIPE|socket hang up/.test(`${code} ${message}`);
}

/** Whether S3 asks for less. */
export const isBusy = (error: unknown): boolean => [503, 429].includes(statusOf(error) ?? 0);

/** MODEL_UNAVAILABLE for what S3 or the network said; a ModeletError stays as it is. */
export function s3StoreError(location: string, action: string, key: string, cause: unknown): ModeletError {
  if (cause instanceof ModeletError) return cause;
  const message = `can't ${action} ${JSON.stringify(key)} in ${location}: ${explain(cause as Failure, statusOf(cause))}`;
  return new ModeletError('MODEL_UNAVAILABLE', message, { cause });
}

function explain({ name = '', code, message = '', region }: Failure, status: number | undefined): string {
  const elsewhere = `the bucket is in another region; set AWS_REGION to ${region ?? 'it'}`;
  switch (name) {
    case 'NoSuchBucket':
      return 'there is no such bucket; create it or correct the location';
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
      return elsewhere;
    case 'CredentialsProviderError':
      return 'no AWS credentials found; set AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role';
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
    case 'InvalidToken':
    case 'ExpiredToken':
      return `the AWS credentials were refused (${name}); renew or correct them`;
    case 'TimeoutError':
      return 'the store did not answer in time';
  }
  if (status === 403) {
    return `access denied; allow it in the role's policy (without s3:ListBucket on the bucket a missing key is 403 as well)`;
  }
  if (status === 301) return elsewhere;
  if (status !== undefined && status >= 300) return `the store answered ${status} ${name}`;
  // The SDK has no class for this one, and it is the first thing that a new user meets.
  if (message === 'Region is missing') return 'no AWS region; set AWS_REGION';
  return `the request failed: ${code ?? message}`;
}
