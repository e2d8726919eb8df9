/** The stages of a request, as `server-timing` names them. */
export type Stage = 'load' | 'pre' | 'infer' | 'post';

/** Where a request's time went, in milliseconds. One per request. */
export interface Timings {
  readonly stages: ReadonlyMap<Stage, number>;
  /** Adds what `work` takes to the stage. */
  time<T>(stage: Stage, work: () => T): T;
  timeAsync<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
}

export function startTimings(): Timings {
  const stages = new Map<Stage, number>();
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
  };
}
