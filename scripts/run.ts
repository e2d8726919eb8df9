import { spawnSync } from 'node:child_process';

/** What a person running the script has to know: printed as one line, without a stack trace. */
export class SetupError extends Error {}

/**
 * Runs a program to its end.
 * @throws SetupError with the last lines it printed, when it can't be started or exits with a failure
 */
export function run(program: string, args: readonly string[], cwd = process.cwd()): void {
  const { error, status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (error === undefined && status === 0) return;
  const lastLines = (error?.message ?? `${stdout}\n${stderr}`).trim().split('\n').slice(-8).join('\n');
  throw new SetupError(`${program} ${args.slice(0, 4).join(' ')} … failed:\n${lastLines}`);
}

/** Whether a program starts and exits well with these arguments. */
export function works(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
