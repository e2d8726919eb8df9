import { production } from '../core/version-ref.js';
import { checkVersion } from './check-version.js';
import { parseModelRef, type Verb } from './verb.js';

export const verify: Verb = {
  name: 'verify',
  usage: 'modelet verify MODEL[@VERSION]',
  summary: "a version's checksums and golden outputs, on every installed backend",
  needs: ['MODEL[@VERSION]'],
  options: {},
  help: [],
  run: async ({ registry, positionals, print, progress }) => {
    const { model, version = await registry.resolve(model, production) } = parseModelRef(positionals[0] as string);
    const bar = progress(`${model}@${version}`, 1);
    const { manifest, backends } = await checkVersion(registry, model, version, (read, total) =>
      bar.update(read / total),
    ).finally(bar.stop);
    const { golden, files } = manifest;
    const lines = [
      `${model}@${version}: ${files.length} file(s) have the checksums that they were published with`,
      ...backends.map(
        ({ backend, difference }) =>
          `${backend}: golden output within ${difference.toExponential(1)} (allowed ${golden.tolerance})`,
      ),
    ];
    print(lines.join('\n'), { model, version, files: files.length, tolerance: golden.tolerance, backends });
  },
};
