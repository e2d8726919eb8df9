import { types } from 'node:util';

/** The asynchronous work under way, or nothing. */
let underWay: Promise<void> | undefined;

/**
 * Runs work with TF.js' engine, which is one a process: its current backend and its scopes belong to whoever runs. Work that
 * returns at once runs at once; work that awaits has the engine to itself until it is done, and other work waits for it.
 */
export async function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
  while (underWay !== undefined) await underWay;
  const result = work();
  if (!types.isPromise(result)) return result;
  const over = () => {
    underWay = undefined;
  };
  underWay = result.then(over, over);
  return result;
}
