import { ModeletError } from '../core/errors.js';

const services = {
  SQS: 'try again shortly',
  'Step Functions': 'check credentials, region and rights, then try again',
} as const;

/** A call of the AWS SDK. @throws MODEL_UNAVAILABLE in the place of whatever the SDK says */
export async function asking<T>(service: keyof typeof services, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'no error';
    const message = `${service} does not answer as it should (${name}); ${services[service]}`;
    throw new ModeletError('MODEL_UNAVAILABLE', message, { cause });
  }
}
