import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** How long the package's storage host may take to answer before it counts as closed. */
const probeMilliseconds = 4000;

/**
 * Lets the package's own install script download libtensorflow and the addon, where its storage host can be reached.
 * @returns whether the addon is there now
 */
export async function tryOwnDownload(packageFolder: string): Promise<boolean> {
  const { binary } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    binary: { host: string };
  };
  if (!(await answers(new URL(binary.host).origin))) return false;
  const PATH = `${resolve('node_modules/.bin')}:${process.env.PATH}`;
  const { status } = spawnSync(process.execPath, ['scripts/install.js'], {
    cwd: packageFolder,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0 && existsSync(join(packageFolder, 'lib/napi-v8/tfjs_binding.node'));
}

/** Any answer will do: the question is whether the network lets us through. */
async function answers(origin: string): Promise<boolean> {
  try {
    await fetch(origin, { method: 'HEAD', signal: AbortSignal.timeout(probeMilliseconds) });
    return true;
  } catch {
    return false;
  }
}
