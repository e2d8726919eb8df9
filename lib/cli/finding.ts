import { explain } from './explain.js';

/** What one check of `modelet doctor` found. */
export interface Finding {
  /** What was looked at: the package, or a model's name. */
  readonly subject: string;
  /** A warning is told, and a deployment works nevertheless. */
  readonly state: 'ok' | 'warning' | 'failed';
  readonly message: string;
  /** What to do about it. */
  readonly todo?: string;
}

/** What an error says, as a finding. */
export function failedBy(subject: string, error: unknown): Finding {
  const { why: message, todo } = explain(error);
  return { subject, state: 'failed', message, todo };
}
