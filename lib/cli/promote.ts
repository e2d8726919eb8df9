import { ModeletError } from '../core/errors.js';
import { formatAlias } from '../registry/alias.js';
import { setAlias, setCanary } from '../registry/move-alias.js';
import { checkVersion } from './check-version.js';
import { parseModelRef, type Verb } from './verb.js';

export const promote: Verb = {
  name: 'promote',
  usage: 'modelet promote MODEL@VERSION [--alias NAME] [--percent N]',
  summary:
    'point an alias (default production) at a version that passes its golden check, or send it a share of the requests',
  needs: ['MODEL@VERSION'],
  options: { alias: { type: 'string' }, percent: { type: 'string' } },
  help: [
    '  --alias NAME                       default production',
    '  --percent N                        a canary: N percent of the requests, the rest stays where it is; 100 ends it',
  ],
  run: async ({ registry, positionals, values, print }) => {
    const { model, version } = parseModelRef(positionals[0] as string);
    if (version === undefined) {
      throw new ModeletError('INVALID_REQUEST', 'no version is named; write MODEL@VERSION, as in digits@3');
    }
    const alias = (values.alias as string | undefined) ?? 'production';
    const percent = values.percent === undefined ? 100 : Number(values.percent);
    await checkVersion(registry, model, version);
    const { before, after } =
      percent === 100
        ? await setAlias(registry, model, alias, version)
        : await setCanary(registry, model, alias, { version, percent });
    const from = before === undefined ? '' : ` (was ${formatAlias(before)})`;
    print(`${model}: ${alias} → ${formatAlias(after)}${from}`, { model, alias, ...after });
  },
};
