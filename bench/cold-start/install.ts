import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the other runtimes are installed and everything that this benchmark makes is kept. */
export const workFolder = resolve('.cache/cold-start');

export const python = resolve(workFolder, 'python/bin/python');

/** What a user of them installs today; TF.js and the SDK are of the releases that modelet has. */
const packages = {
  '@aws-sdk/client-s3': '3.1173.0',
  '@tensorflow/tfjs': '4.22.0',
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
  'onnxruntime-node': '1.30.0',
};
const pythonPackages = ['tensorflow-cpu==2.21.0', 'boto3==1.44.5'];

/**
 * Brings what the benchmark needs and is not there yet: a minute or more the first time.
 * @returns which of the optional parts are there
 * @throws Error where a part that it can't do without does not install
 */
export function installParts(): { readonly tfjsNode: boolean; readonly tensorflow: boolean } {
  return { ...installJavaScriptParts(), tensorflow: optional('TensorFlow', installPython()) };
}

/** The same without Python. */
export function installJavaScriptParts(): { readonly tfjsNode: boolean } {
  for (const script of ['s3-server', 'lambda-client']) {
    if (!runScript(script)) throw new Error(`npm run ${script} failed; its own words are above`);
  }
  installPackages();
  return { tfjsNode: optional('tfjs-node', runScript('native')) };
}

function optional(name: string, installed: boolean): boolean {
  if (!installed) process.stderr.write(`bench: without ${name}, which did not install\n`);
  return installed;
}

/** `npm run NAME`, without building again. */
function runScript(name: string): boolean {
  return run(process.execPath, [fileURLToPath(new URL(`../../scripts/${name}.js`, import.meta.url))]);
}

function installPackages(): void {
  const file = resolve(workFolder, 'package.json');
  const wanted = `${JSON.stringify({ private: true, dependencies: packages }, null, 2)}\n`;
  const lock = resolve(workFolder, 'node_modules/.package-lock.json'); // npm writes it last
  if (existsSync(lock) && readFileSync(file, 'utf8') === wanted) return;
  mkdirSync(workFolder, { recursive: true });
  writeFileSync(file, wanted);
  // onnxruntime-node's install script would fetch CUDA; the package itself has what a CPU needs.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!run('npm', ['install', ...flags], workFolder)) throw new Error(`npm install failed in ${workFolder}`);
}

function installPython(): boolean {
  const stamp = resolve(workFolder, 'python/installed.txt');
  const wanted = pythonPackages.join('\n');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  const installed =
    run('python3', ['-m', 'venv', resolve(workFolder, 'python')]) &&
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...pythonPackages]);
  if (installed) writeFileSync(stamp, wanted);
  return installed;
}

/** Its words go to stderr: stdout is for the result. */
function run(command: string, args: readonly string[], cwd = process.cwd()): boolean {
  return spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] }).status === 0;
}
