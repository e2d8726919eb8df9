import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRegistry, type Registry } from '../lib/registry/registry.js';
import { openStore } from '../lib/registry/stores/open-store.js';

/**
 * What a model's evaluation script says of it, through the handler on wasm, in a process of its own: TF.js has one engine a
 * process, and in a training script that is tfjs-node.
 * @param name the model's; `evaluate-<name>.js` prints its figures as one line of JSON
 * @param data folder of the data set
 * @param publish into a registry that is removed afterwards
 */
export async function measureServed<Figures>(
  name: string,
  data: string,
  publish: (registry: Registry) => Promise<unknown>,
): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), `modelet-${name}-`));
  try {
    await publish(createRegistry(await openStore(folder)));
    const script = fileURLToPath(new URL(`./evaluate-${name}.js`, import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [script, '--data', data, '--registry', folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (status !== 0) throw new Error('not published: the served path failed on the test data, see above');
    return JSON.parse(stdout) as Figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
