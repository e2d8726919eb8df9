// `npm run conformance-clients`: brings the clients and checkers that others wrote into a virtual environment of Python's in
// .cache/conformance, for test/conformance. The list, with every package that they need in turn, is
// test/conformance/requirements.txt; installed.txt is its copy, written last, so that a half-finished install is never taken for
// a whole one.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run, works } from './run.js';

const requirements = 'test/conformance/requirements.txt';
const folder = resolve('.cache/conformance');
const stamp = join(folder, 'installed.txt');

function isInstalled(): boolean {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(requirements, 'utf8');
}

function install(): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log('conformance-clients: a virtual environment');
  run('python3', ['-m', 'venv', folder]);
  const count = readFileSync(requirements, 'utf8').trim().split('\n').length;
  console.log(
    `conformance-clients: ${count} packages (tritonclient, kserve, schemathesis, openapi-spec-validator), a minute`,
  );
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  run(join(folder, 'bin/python'), [...pip, '--requirement', requirements]);
  copyFileSync(requirements, stamp);
}

if (isInstalled()) {
  console.log(`conformance-clients: already installed in ${folder}`);
} else if (!works('python3', ['-c', 'import venv, ensurepip'])) {
  console.error(
    'conformance-clients: Python with venv is missing. On Debian or Ubuntu: apt-get install python3 python3-venv',
  );
  process.exitCode = 1;
} else {
  try {
    install();
    console.log(`conformance-clients: installed in ${folder}`);
  } catch (error) {
    console.error(`conformance-clients: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
