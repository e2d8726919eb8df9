import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const workFolder = resolve('.cache/warm');

/** The releases of Node.js that are measured. */
const releases = { '20': '20.20.2', '22': '22.23.3', '24': '24.21.0' } as const;
export type NodeVersion = keyof typeof releases;
export const nodeVersions: readonly NodeVersion[] = ['20', '22', '24'];

/**
 * Brings those releases into `.cache/warm` by npm where they are not there yet.
 * @returns the executable of each
 * @throws Error where npm can't install them
 */
export function installNodes(): Readonly<Record<NodeVersion, string>> {
  const file = resolve(workFolder, 'package.json');
  const lock = resolve(workFolder, 'node_modules/.package-lock.json'); // npm writes it last
  const platform = `node-${process.platform}-${process.arch}`;
  const dependencies = Object.fromEntries(
    nodeVersions.map((version) => [`node${version}`, `npm:${platform}@${releases[version]}`]),
  );
  const wanted = `${JSON.stringify({ private: true, dependencies }, null, 2)}\n`;
  if (!existsSync(lock) || readFileSync(file, 'utf8') !== wanted) {
    mkdirSync(workFolder, { recursive: true });
    writeFileSync(file, wanted);
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status } = spawnSync('npm', ['install', ...flags], { cwd: workFolder, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error(`npm install failed in ${workFolder}`);
  }
  const executable = (version: NodeVersion) => resolve(workFolder, `node_modules/node${version}/bin/node`);
  return { '20': executable('20'), '22': executable('22'), '24': executable('24') };
}
