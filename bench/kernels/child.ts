// Times every build that this Node.js runs, in turns; prints the milliseconds of each turn as JSON.
import { type Build, bestBuild, createKernels } from '../../lib/kernels/kernels.js';
import { works } from './work.js';

export interface Timed {
  readonly work: string;
  readonly build: Build;
  /** Whether it is the one that this Node.js takes. */
  readonly isBest: boolean;
  /** Milliseconds of a run, in each turn. */
  readonly times: readonly number[];
}

const builds = (['simd-v8-11', 'simd-v8-13', 'fma-v8-11', 'fma-v8-13'] as const).filter(
  (build) => build.startsWith('simd') || bestBuild().startsWith('fma'),
);
const [rounds, turn] = [Number(process.argv[2]), Number(process.argv[3])];

/** Runs for at least `turn` ms. @returns ms of one run */
function time(run: () => void): number {
  const since = performance.now();
  let runs = 0;
  do {
    run();
    runs += 1;
  } while (performance.now() < since + turn);
  return (performance.now() - since) / runs;
}

const timed: Timed[] = [];
for (const work of works) {
  // The first turns wait for V8's optimised code.
  const warmUp = 8;
  const runs = new Map(
    await Promise.all(builds.map(async (build) => [build, work.prepare(await createKernels(build))] as const)),
  );
  const times = new Map<Build, number[]>(builds.map((build) => [build, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const [build, run] of runs) {
      const ms = time(run);
      if (round >= 0) times.get(build)?.push(ms);
    }
  }
  for (const [build, of] of times) timed.push({ work: work.name, build, isBest: build === bestBuild(), times: of });
}
process.stdout.write(JSON.stringify(timed));
