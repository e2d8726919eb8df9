// `npm run s3-server`: brings versitygw, a real S3 server, into .cache/bin. The tests start and stop it themselves.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const version = 'v1.8.0';
const folder = resolve('.cache/bin');
const program = resolve(folder, 'versitygw');

/** The module version that Go stamped into the program. */
function installedVersion(): string | undefined {
  if (!existsSync(program)) return undefined;
  return /\bmod\s+github\.com\/versity\/versitygw\s+(\S+)/.exec(
    execFileSync('go', ['version', '-m', program], { encoding: 'utf8' }),
  )?.[1];
}

function install(): number {
  if (spawnSync('go', ['version']).status !== 0) {
    console.error('Go is missing, and versitygw is built by it: install Go ≥ 1.25 and run this again.');
    return 1;
  }
  if (installedVersion() === version) {
    console.error(`versitygw ${version} is in place: ${program}`);
    return 0;
  }
  console.error(`Building versitygw ${version} (about two minutes the first time) …`);
  const build = spawnSync(
    'go',
    ['install', '-trimpath', '-ldflags=-s -w', `github.com/versity/versitygw/cmd/versitygw@${version}`],
    { env: { ...process.env, GOBIN: folder }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (build.status !== 0) {
    console.error(`Go could not build versitygw ${version}; its own words are above.`);
    return 1;
  }
  console.error(`Installed versitygw ${version}: ${program}`);
  return 0;
}

process.exitCode = install();
