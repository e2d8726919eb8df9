import { ModeletError } from '../core/errors.js';

/** An error in two lines: why, and what to do. */
export interface Explanation {
  readonly why: string;
  readonly todo: string;
}

/** Messages end in what to do, behind a semicolon; where one does not, its code says. */
export function explain(error: unknown): Explanation {
  const [why = '', ...todo] = (error instanceof Error ? error.message : String(error)).split('; ');
  const hint = error instanceof ModeletError ? hints[error.code] : undefined;
  return { why, todo: todo.join('; ') || (hint ?? 'run it again, or report it with this line') };
}

const hints: Partial<Record<ModeletError['code'], string>> = {
  MODEL_NOT_FOUND: 'modelet list shows the models of a registry (--registry)',
  VERSION_NOT_FOUND: 'modelet list shows the versions and aliases of a registry (--registry)',
  MODEL_CORRUPT: 'publish the version again',
  MODEL_UNAVAILABLE: 'check the registry, its credentials and the network, then try again',
};
