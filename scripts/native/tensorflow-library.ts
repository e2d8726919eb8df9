import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, SetupError, works } from '../run.js';
import { progress } from './progress.js';

/**
 * The Python package whose wheel holds libtensorflow's C API. Pinned to one build: only its files are used, none of its
 * Python, so the local Python's version does not matter.
 */
const wheel = {
  requirement: 'tensorflow-cpu==2.15.1',
  sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
  target: '--platform manylinux2014_x86_64 --python-version 3.11 --implementation cp --abi cp311'.split(' '),
};

/** Takes the two libraries and the headers that the addon includes. */
const unpackScript = `
import os, shutil, sys, zipfile
source, target = sys.argv[1:]
libraries = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2')
headers = ('tensorflow/include/tensorflow/c/', 'tensorflow/include/tsl/', 'tensorflow/include/tensorflow/core/platform/ctstring')
with zipfile.ZipFile(source) as archive:
    for name in archive.namelist():
        if name in libraries: to = 'lib/' + name[len('tensorflow/'):]
        elif name.startswith(headers) and name.endswith('.h'): to = name[len('tensorflow/'):]
        else: continue
        to = os.path.join(target, to)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with archive.open(name) as member, open(to, 'wb') as out: shutil.copyfileobj(member, out, 1 << 20)
`;

/** Downloads the wheel by pip and unpacks `lib/` and `include/` into `target`. */
export function unpackTensorflow(python: string, target: string): void {
  const downloads = join(target, 'download');
  mkdirSync(downloads, { recursive: true });
  const requirements = join(downloads, 'requirements.txt');
  writeFileSync(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  progress(`downloading ${wheel.requirement} (207 MB) by pip`);
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'];
  run(python, [...pip, '--only-binary', ':all:', ...wheel.target, '--dest', downloads, '--requirement', requirements]);
  const file = readdirSync(downloads).find((name) => name.endsWith('.whl'));
  if (file === undefined)
    throw new SetupError(`pip left no wheel of ${wheel.requirement} in ${downloads}; run it again`);
  progress('unpacking libtensorflow and its headers');
  run(python, ['-c', unpackScript, join(downloads, file), target]);
  rmSync(downloads, { recursive: true });
}

/** The local Python with pip; nothing is fetched before it is found. */
export function findPython(): string {
  const python = ['python3', 'python'].find((name) =>
    works(name, ['-c', 'import sys; assert sys.version_info >= (3, 8)']),
  );
  if (python === undefined) {
    throw new SetupError('Python 3.8 or newer is missing; install it with pip (Debian: apt-get install python3-pip)');
  }
  if (!works(python, ['-m', 'pip', '--version'])) {
    throw new SetupError(`${python} has no pip; install it (Debian: apt-get install python3-pip)`);
  }
  return python;
}

/** sha256 of a file, in hex. */
export function fileHash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
