import { ModeletError } from '../core/errors.js';
import { explain } from './explain.js';

/** What one check of `modelet doctor` found. */
export interface Finding {
  /** What was looked at, e.g. `node`, or a model's name. */
  readonly subject: string;
  /** A warning is told, and a deployment works nevertheless. */
  readonly state: 'ok' | 'warning' | 'failed';
  readonly message: string;
  /** What to do about it. */
  readonly todo?: string;
}

/** A check's finding; an error that it throws is one too. */
export async function findingOf(
  subject: string,
  check: () => Promise<Omit<Finding, 'subject'>> | Omit<Finding, 'subject'>,
): Promise<Finding> {
  try {
    return { subject, ...(await check()) };
  } catch (error) {
    if (!(error instanceof ModeletError)) throw error;
    const { why: message, todo } = explain(error);
    return { subject, state: 'failed', message, todo };
  }
}
