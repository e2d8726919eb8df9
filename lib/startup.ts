import type { Engine, LoadedModel } from './core/engine.js';
import type { StartupStage } from './core/timings.js';

/** How long the stages of a process's start took, in milliseconds. */
export interface Startup {
  /** Times work that a start has once: the first that is done without an error. */
  time<T>(stage: StartupStage, work: () => Promise<T>): Promise<T>;
  /** For what can't be wrapped; the first counts. */
  add(stage: StartupStage, ms: number): void;
  /** The stages that have ended since this was last asked; each is told once. */
  take(): ReadonlyMap<StartupStage, number>;
}

export function createStartup(): Startup {
  let untold = new Map<StartupStage, number>();
  const begun = new Set<StartupStage>();
  return {
    time: async (stage, work) => {
      if (begun.has(stage)) return work();
      begun.add(stage);
      const since = performance.now();
      try {
        const result = await work();
        untold.set(stage, performance.now() - since);
        return result;
      } catch (error) {
        begun.delete(stage);
        throw error;
      }
    },
    add: (stage, ms) => {
      if (!begun.has(stage)) untold.set(stage, ms);
      begun.add(stage);
    },
    take: () => {
      const told = untold;
      untold = new Map();
      return told;
    },
  };
}

/** An engine that tells how long it takes to start, and its first load to read, to be made and to predict. */
export function timedEngine(engine: Engine, { time, add }: Startup): Engine {
  return {
    ...engine,
    start: () => time('runtime', engine.start),
    load: async (manifest, files, ...rest) => {
      let read = performance.now();
      const timed =
        <A extends readonly unknown[]>(work: (...of: A) => Promise<void>) =>
        async (...of: A): Promise<void> => {
          await time('weights', () => work(...of));
          read = performance.now();
        };
      const { readParts, readInto } = files;
      const watched = { ...files, readParts: timed(readParts), readInto: timed(readInto) };
      const model = await engine.load(manifest, watched, ...rest);
      add('model', performance.now() - read);
      return timedModel(model, time);
    },
  };
}

function timedModel(model: LoadedModel, time: Startup['time']): LoadedModel {
  return {
    get usable() {
      return model.usable;
    },
    ...(model.warning === undefined ? {} : { warning: model.warning }),
    predict: (inputs) => time('predict', () => model.predict(inputs)),
    predictBeside: model.predictBeside,
    dispose: model.dispose,
  };
}
