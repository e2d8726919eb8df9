import { setImmediate } from 'node:timers/promises';
import { ModeletError } from './errors.js';

/** Work may hold the event loop this long between two turns, in milliseconds. */
const longestTurnMs = 20;

/** The stages of a request, as `server-timing` names them; those of a cold start are told beside them, once. */
export type Stage = 'load' | 'pre' | 'infer' | 'post' | StartupStage;

/**
 * `boot` Node.js, `code` the function's code and what is before it, `runtime` TF.js' wasm module, `manifest` the alias and the
 * version's manifest, `weights` their parts, `model` the graph on them, `predict` the golden check. Some go on side by side.
 */
export type StartupStage = 'boot' | 'code' | 'runtime' | 'manifest' | 'weights' | 'model' | 'predict';

/** Where a request's time went, in milliseconds. One per request. */
export interface Timings {
  readonly stages: ReadonlyMap<Stage, number>;
  /** Adds what `work` takes to the stage. */
  time<T>(stage: Stage, work: () => T): T;
  timeAsync<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
  /**
   * To be awaited between the pieces of work that a caller decides the number of: other requests get their turn, and timers
   * theirs. @throws DEADLINE_EXCEEDED once nobody waits for the answer any more
   */
  turn(): Promise<void>;
}

/** @param deadline on the clock of performance.now() */
export function startTimings(deadline = Number.POSITIVE_INFINITY): Timings {
  const stages = new Map<Stage, number>();
  let turned = performance.now();
  const add = (stage: Stage, since: number): void => {
    stages.set(stage, (stages.get(stage) ?? 0) + performance.now() - since);
  };
  return {
    stages,
    time: (stage, work) => {
      const since = performance.now();
      try {
        return work();
      } finally {
        add(stage, since);
      }
    },
    timeAsync: async (stage, work) => {
      const since = performance.now();
      try {
        return await work();
      } finally {
        add(stage, since);
      }
    },
    turn: async () => {
      if (performance.now() - turned < longestTurnMs) return;
      await setImmediate();
      turned = performance.now();
      if (turned > deadline) throw new ModeletError('DEADLINE_EXCEEDED', 'not done in time; send less at once');
    },
  };
}
