import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { run, SetupError } from '../run.js';
import { buildAddon, requireCompiler } from './build-addon.js';
import { progress } from './progress.js';
import { fileHash, findPython, unpackTensorflow } from './tensorflow-library.js';

/** Where each cached file belongs in the package. */
const placement = {
  'lib/libtensorflow_cc.so.2': 'deps/lib/libtensorflow_cc.so.2',
  'lib/libtensorflow_framework.so.2': 'deps/lib/libtensorflow_framework.so.2',
  'tfjs_binding.node': 'lib/napi-v8/tfjs_binding.node',
} as const;

type Hashes = Record<keyof typeof placement, string>;

/**
 * Completes tfjs-node without its storage host: libtensorflow out of a Python wheel, the addon by the local compiler.
 * What was made is kept in `cache` with its checksums, so that another `npm ci` costs only the links.
 */
export function completeFromRegistries(packageFolder: string, cache: string): void {
  requirePlatform();
  const target = resolve(cache, 'tfjs-node-4.22.0-tensorflow-2.15.1');
  if (!isIntact(target)) fill(target, packageFolder);
  for (const [file, place] of Object.entries(placement)) linkOrCopy(join(target, file), join(packageFolder, place));
}

function requirePlatform(): void {
  const { platform, arch } = process;
  // glibc's version is in the report only where Node runs on glibc; the wheel's libraries need it.
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (platform === 'linux' && arch === 'x64' && header?.glibcVersionRuntime !== undefined) return;
  throw new SetupError(
    `tfjs-node's own download failed, and completing it from package registries works on Linux x64 with glibc only, not on ${platform} ${arch}; open the network for its download, or use the wasm backend, which needs none of this`,
  );
}

/** Built aside and renamed, so that a broken-off run leaves nothing that looks complete. */
function fill(target: string, packageFolder: string): void {
  const python = findPython();
  requireCompiler();
  const building = `${target}.building`;
  rmSync(building, { recursive: true, force: true });
  unpackTensorflow(python, building);
  buildAddon(packageFolder, building, join(building, 'tfjs_binding.node'));
  // Symbols and debug tables are a third of the size; strip comes with the compiler.
  run('strip', ['--strip-unneeded', ...Object.keys(placement).map((file) => join(building, file))]);
  for (const folder of ['include', 'node-headers']) rmSync(join(building, folder), { recursive: true });
  const hashes = Object.fromEntries(Object.keys(placement).map((file) => [file, fileHash(join(building, file))]));
  writeFileSync(join(building, 'sha256.json'), `${JSON.stringify(hashes, null, 2)}\n`);
  rmSync(target, { recursive: true, force: true });
  renameSync(building, target);
}

function isIntact(target: string): boolean {
  if (!existsSync(join(target, 'sha256.json'))) return false;
  const hashes = JSON.parse(readFileSync(join(target, 'sha256.json'), 'utf8')) as Hashes;
  const intact = Object.entries(hashes).every(([file, hash]) => {
    const path = join(target, file);
    return existsSync(path) && fileHash(path) === hash;
  });
  progress(intact ? 'the cached build is intact' : 'the cached build is damaged: building it again');
  return intact;
}

/** A hard link costs neither time nor the 400 MB; across file systems it becomes a copy. */
function linkOrCopy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
