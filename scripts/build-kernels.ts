// `npm run build:kernels`: lib/kernels/c → the .wasm files beside it, which are committed. With --check nothing is written, and a
// file that differs from what its source gives is a failure. The compiler, LLVM as WebAssembly from one npm package, goes to
// .cache/kernels and gives the same bytes on every machine.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run, SetupError } from './run.js';

const compiler = '@yowasp/clang';
const version = '22.0.0-git20542-10';
const integrity = 'sha512-V31/z9GrJECKeACTDUyvg2llbEUiFi3bxtL5HSg7H/6sydSxdI/AoVAD9F5ozrfLjotWl0B9rghR87m+DUM/zg==';
const folder = resolve('.cache/kernels');
const sources = 'lib/kernels/c';

/**
 * -disable-lsr: LLVM would give each row of a tile a pointer of its own instead of an offset, and V8 would spill them.
 * -ffp-contract=off: nothing is fused but what the source fuses, so that a build's numbers are those of its source.
 * Shared memory, which costs nothing where one thread uses it: several threads can compute on one copy of the weights, each with a
 * stack of its own.
 */
const flags = [
  ...['-O3', '-mllvm', '-disable-lsr', '-ffp-contract=off', '-nostdlib', '-Wall', '-Wextra', '-Werror'],
  ...['--target=wasm32', '-msimd128', '-mbulk-memory', '-matomics'],
  ...['-Wl,--no-entry', '-Wl,-z,stack-size=16384', '-Wl,--export=__heap_base', '-Wl,--strip-all'],
  ...['-Wl,--shared-memory', '-Wl,--import-memory', '-Wl,--max-memory=4294967296', '-Wl,--export=__stack_pointer'],
];
const fused = ['-mrelaxed-simd', '-DFMA'];
/** What sets a build apart; docs/kernels.md says why there are four. */
const builds = {
  'simd-v8-11': ['-DROWS=4', '-DSTEPS=1'],
  'simd-v8-13': ['-DROWS=5', '-DSTEPS=4'],
  'fma-v8-11': ['-DROWS=4', '-DSTEPS=1', ...fused],
  'fma-v8-13': ['-DROWS=6', '-DSTEPS=4', ...fused],
};

interface Compiler {
  runClang(
    args: readonly string[],
    files: Readonly<Record<string, string>>,
    options: { fetchProgress(): void },
  ): Promise<Readonly<Record<string, Uint8Array>>>;
}

/** npm compares the package with the lock file's checksum, wherever it comes from; a half-finished install leaves no stamp. */
async function openCompiler(): Promise<Compiler> {
  const stamp = join(folder, 'installed.txt');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== integrity) {
    console.error(`kernels: bringing ${compiler} ${version} (100 MB) into ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const root = { name: 'kernels', version: '1.0.0', dependencies: { [compiler]: version } };
    const packages = { '': root, [`node_modules/${compiler}`]: { version, integrity } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...root }));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...root, lockfileVersion: 3, packages }));
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
    writeFileSync(stamp, integrity);
  }
  return import(pathToFileURL(join(folder, 'node_modules', compiler, 'gen/bundle.js')).href);
}

async function build(check: boolean): Promise<void> {
  const { runClang } = await openCompiler();
  const files = Object.fromEntries(
    readdirSync(sources).map((name) => [name, readFileSync(join(sources, name), 'utf8')]),
  );
  const units = Object.keys(files).filter((name) => name.endsWith('.c'));
  const outdated: string[] = [];
  for (const [name, own] of Object.entries(builds)) {
    const made = await runClang(['clang', ...flags, ...own, ...units, '-o', 'out.wasm'], files, { fetchProgress() {} });
    const bytes = made['out.wasm'];
    if (bytes === undefined) throw new SetupError(`clang made no ${name}.wasm`);
    const file = join('lib/kernels', `${name}.wasm`);
    if (!existsSync(file) || !readFileSync(file).equals(bytes)) {
      outdated.push(file);
      if (!check) writeFileSync(file, bytes);
    }
    console.error(`kernels: ${file}, ${bytes.length} bytes`);
  }
  if (check && outdated.length > 0) {
    throw new SetupError(`${outdated.join(', ')}: not what ${sources} gives; run npm run build:kernels and commit`);
  }
  console.error(outdated.length === 0 ? 'kernels: all as committed' : `kernels: ${outdated.length} changed`);
}

try {
  await build(process.argv.includes('--check'));
} catch (error) {
  // A compiler's complaint has been printed by itself.
  console.error(`kernels: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
