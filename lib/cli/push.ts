import { production } from '../core/version-ref.js';
import { pushVersion } from '../registry/push.js';
import { parseModelRef, type Verb } from './verb.js';

export const push: Verb = {
  name: 'push',
  usage: 'modelet push MODEL[@VERSION] --to REGISTRY [--alias NAME]',
  summary: 'copy a version to another registry, checksums verified (laptop → S3, dev → prod)',
  needs: ['MODEL[@VERSION]'],
  requires: ['to'],
  options: { to: { type: 'string' }, alias: { type: 'string' } },
  help: [
    '  --to DIR|s3://BUCKET/PREFIX        where to copy it',
    '  --alias NAME                       also point this alias there at the version',
  ],
  run: async ({ registry, positionals, values, openRegistry, print, progress }) => {
    const target = await openRegistry(values.to as string);
    const { model, version = await registry.resolve(model, production) } = parseModelRef(positionals[0] as string);
    const alias = values.alias as string | undefined;
    const bar = progress(`${model}@${version}`, 1);
    const { copied } = await pushVersion(registry, target, {
      model,
      version,
      ...(alias === undefined ? {} : { alias }),
      onProgress: (done, total) => bar.update(done / total),
    }).finally(bar.stop);
    const named = alias === undefined ? '' : `, ${alias} → ${version}`;
    const what = copied ? 'copied to' : 'is already in';
    print(`${model}@${version} ${what} ${target.store.location}${named}`, {
      model,
      version,
      to: target.store.location,
      copied,
      ...(alias === undefined ? {} : { alias }),
    });
  },
};
