import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ModeletError } from '../core/errors.js';
import type { Verb, VerbCall } from './verb.js';

/** What stands there; it is no part of the library, which knows nothing of it. */
interface Benches {
  runBenches(name: string | undefined, call: Pick<VerbCall, 'print' | 'progress'>): Promise<void>;
}

export const bench: Verb = {
  name: 'bench',
  usage: 'modelet bench [NAME]',
  summary: "modelet's own benchmarks, or one of them; their figures go into its docs",
  needs: ['[NAME]'],
  options: {},
  help: ['  Run it in a clone of modelet, on a quiet machine.'],
  run: async ({ positionals, print, progress }) => {
    const file = resolve('dist/bench/run-benches.js');
    if (!existsSync(file)) {
      throw new ModeletError(
        'INVALID_REQUEST',
        'there are no benchmarks here; run it in a clone of modelet, after npm ci',
      );
    }
    const { runBenches } = (await import(pathToFileURL(file).href)) as Benches;
    await runBenches(positionals[0], { print, progress });
  },
};
