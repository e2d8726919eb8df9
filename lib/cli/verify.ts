import { production } from '../core/version-ref.js';
import { goldenCheck } from '../runtime/golden-check.js';
import { nativeBackendInstalled } from '../runtime/native-backend.js';
import { openEngine } from '../runtime/open-engine.js';
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
    const manifest = await registry.manifest(model, version);
    const bar = progress(`${model}@${version}`, manifest.files.length);
    const files = new Map<string, Uint8Array>();
    try {
      for (const file of manifest.files) {
        files.set(file.name, await registry.readFile(manifest, file));
        bar.update(files.size);
      }
    } finally {
      bar.stop();
    }
    // A SavedModel is no model for wasm: only TensorFlow itself reads it.
    const backends = [
      ...(manifest.savedModel === undefined ? ['wasm'] : []),
      ...(nativeBackendInstalled() ? ['tensorflow'] : []),
    ];
    const { tolerance } = manifest.golden;
    const results: { backend: string; difference: number }[] = [];
    for (const backend of backends) {
      const loaded = await (await openEngine(backend)).load(manifest, async (name) => files.get(name) as Uint8Array);
      try {
        results.push({ backend, difference: await goldenCheck(loaded, manifest) });
      } finally {
        loaded.dispose();
      }
    }
    const lines = [
      `${model}@${version}: ${files.size} file(s) have the checksums they were published with`,
      ...results.map(
        ({ backend, difference }) =>
          `${backend.padEnd(12)}golden output within ${difference.toExponential(1)} (allowed ${tolerance})`,
      ),
    ];
    print(lines.join('\n'), { model, version, files: files.size, tolerance, backends: results });
  },
};
