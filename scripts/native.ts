// `npm run native`: brings the optional backend `tensorflow` (@tensorflow/tfjs-node) into node_modules. Its install script
// downloads from a storage host that many networks close; there it is completed from package registries alone.
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { completeFromRegistries } from './native/complete-from-registries.js';
import { tryOwnDownload } from './native/own-download.js';
import { progress } from './native/progress.js';
import { run, SetupError } from './run.js';

const version = '4.22.0';
const packageFolder = resolve('node_modules/@tensorflow/tfjs-node');

/** Multiplies two matrices on the backend, in a process of its own. */
const proof = `
import { loadTfjsNode } from ${JSON.stringify(new URL('../lib/runtime/native-backend.js', import.meta.url).href)};
import * as tf from '@tensorflow/tfjs-core';
await loadTfjsNode();
await tf.setBackend('tensorflow');
const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5], [6]])).dataSync();
if (product[0] !== 17 || product[1] !== 39) throw new Error('it answered ' + product);
`;

function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries.reduce((sum, name) => sum + lstatSync(`${folder}/${name}`).size, 0);
}

function installPackage(): void {
  const manifest = `${packageFolder}/package.json`;
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version) return;
  progress(`installing @tensorflow/tfjs-node ${version} (package.json and package-lock.json stay as they are)`);
  // --save-prod: an optional peer would count as satisfied and not be installed; --no-save keeps it out of package.json.
  const options = ['--no-save', '--save-prod', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', ['install', ...options, '--prefer-offline', `@tensorflow/tfjs-node@${version}`]);
}

function isProven(): boolean {
  if (!existsSync(`${packageFolder}/lib/napi-v8/tfjs_binding.node`)) return false;
  try {
    run(process.execPath, ['--input-type=module', '--eval', proof]);
    return true;
  } catch {
    return false;
  }
}

try {
  installPackage();
  if (!isProven() && !(await tryOwnDownload(packageFolder))) completeFromRegistries(packageFolder, '.cache/native');
  run(process.execPath, ['--input-type=module', '--eval', proof]);
  const took = `${Math.round(performance.now() / 1000)} s, ${Math.round(sizeOf(packageFolder) / 1024 ** 2)} MiB`;
  progress(`backend tensorflow is ready on Node ${process.version} (${took}); use it with MODELET_BACKEND=tensorflow`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  progress(error.message);
  process.exitCode = 1;
}
