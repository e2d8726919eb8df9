import { formatAlias } from '../registry/alias.js';
import { rollBack } from '../registry/move-alias.js';
import type { Verb } from './verb.js';

export const rollback: Verb = {
  name: 'rollback',
  usage: 'modelet rollback MODEL [--alias NAME]',
  summary: 'take the last move of an alias back: end its canary, or else go to the version before',
  needs: ['MODEL'],
  options: { alias: { type: 'string' } },
  help: ['  --alias NAME                       default production'],
  run: async ({ registry, positionals, values, print }) => {
    const model = positionals[0] as string;
    const alias = (values.alias as string | undefined) ?? 'production';
    const { before, after } = await rollBack(registry, model, alias);
    const from = before === undefined ? '' : ` (was ${formatAlias(before)})`;
    print(`${model}: ${alias} → ${formatAlias(after)}${from}`, { model, alias, ...after });
  },
};
