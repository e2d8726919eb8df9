import { ModeletError } from '../core/errors.js';
import { pruneVersions } from '../registry/prune.js';
import type { Verb } from './verb.js';

export const prune: Verb = {
  name: 'prune',
  usage: 'modelet prune MODEL --keep N',
  summary:
    'delete old versions and the remains of broken publishes; never one that an alias names or that is younger than a day',
  needs: ['MODEL'],
  requires: ['keep'],
  options: { keep: { type: 'string' } },
  help: ['  --keep N                           the newest N versions stay'],
  run: async ({ registry, positionals, values, print }) => {
    const model = positionals[0] as string;
    const keep = Number(values.keep);
    if (!Number.isInteger(keep) || keep < 1) {
      throw new ModeletError('INVALID_REQUEST', `--keep ${String(values.keep)}; give a whole number from 1`);
    }
    const { deleted, orphans, spared } = await pruneVersions(registry, model, keep);
    const lines = [
      `${model}: deleted ${deleted.length} version(s)${deleted.map((version) => ` ${version}`).join('')}`,
      ...(orphans.length === 0 ? [] : [`removed what broken publishes left under ${orphans.join(', ')}`]),
      ...spared.map(({ version, why }) => `kept ${version}: ${why}`),
    ];
    print(lines.join('\n'), { model, deleted, orphans, spared });
  },
};
