import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run, SetupError, works } from '../run.js';
import { progress } from './progress.js';

/** Node's C API as an npm package: no header download of node-gyp's, and one build serves every Node from 12 on. */
const nodeHeaders = 'node-api-headers@1.9.0';

/** @throws SetupError when there is no compiler; asked before anything is fetched */
export function requireCompiler(): void {
  if (!works('g++', ['--version']) || !works('strip', ['--version'])) {
    throw new SetupError('the C++ compiler g++ (with strip) is missing; install it (Debian: apt-get install g++)');
  }
}

/**
 * Compiles tfjs-node's addon against an unpacked libtensorflow, as its binding.gyp does.
 * @param library the folder with `lib/` and `include/`
 * @param output the addon's path; it looks for libtensorflow in `../../deps/lib` beside it
 */
export function buildAddon(packageFolder: string, library: string, output: string): void {
  const headers = join(library, 'node-headers');
  mkdirSync(headers, { recursive: true });
  const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', ['install', '--prefix', headers, ...quiet, nodeHeaders]);
  progress('compiling the addon (about 10 s)');
  run('g++', [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-w'],
    ...['-I', join(headers, 'node_modules/node-api-headers/include'), '-I', join(library, 'include')],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(packageFolder, 'binding', file)),
    ...['-L', join(library, 'lib'), '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    ...['-Wl,-rpath,$ORIGIN/../../deps/lib', '-o', output],
  ]);
}
