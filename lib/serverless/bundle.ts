import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { build, type Metafile, transform } from 'esbuild';
import { ownCopy } from './own-copy.js';
import { slimTensorflow } from './slim-tensorflow.js';

const enginePackage = '@tensorflow/tfjs-backend-wasm/';
/** The build of the wasm engine for Lambda: every Arm and x86 machine there has SIMD; threads don't pay in Node. */
export const wasmFile = 'tfjs-backend-wasm-simd.wasm';

/** The module that reads our own kernels, one of several builds, from beside itself. */
const kernelsModule = /(^|\/)lib\/kernels\/kernels\.[jt]s$/;

const target = { platform: 'node', target: 'node20' } as const;

/**
 * What Lambda imports as `index.handler`. It awaits what a handler has to do before its first event (MODELET_PRELOAD=init), which
 * CommonJS can't; and requires, because Node.js reads CommonJS that is imported twice, to find out what it exports.
 */
const index = `const { createRequire } = process.getBuiltinModule('node:module');
export const { handler } = createRequire(import.meta.url)('./function.cjs');
await handler.ready;
`;

/**
 * Bundles one function into `outdir`, which is emptied first: `index.mjs`, the code in `function.cjs` with chunks that it reads
 * at once or on demand (what stands behind an `import()`), and the wasm files of the kernels and the engine that the bundle
 * holds. `.cjs` is CommonJS whatever package.json is above it. In a bundle `import.meta.url` is the file itself.
 */
export async function bundleFunction({ entry, outdir }: { entry: string; outdir: string }): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const { outputFiles, metafile } = await build({
    ...target,
    entryPoints: { function: entry },
    outdir,
    outExtension: { '.js': '.cjs' },
    write: false,
    bundle: true,
    minify: true,
    metafile: true,
    // Only ES modules are split into chunks.
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    // ES modules where a package has them: what a function does not use falls away. A third smaller, 40 ms faster to start.
    mainFields: ['module', 'main'],
    // tfjs-core's fallback for a Node without fetch; it would bring 265 KB.
    alias: { 'node-fetch': 'data:text/javascript,export default globalThis.fetch' },
    external: ['@tensorflow/tfjs-node'],
    define: { 'import.meta.url': 'modeletFileUrl' },
    // The signer of S3's requests shares files with S3's client, which only writes need.
    plugins: [slimTensorflow(), ownCopy(/[\\/]s3-signer\.[jt]s$/)],
    // What slim-tensorflow leaves out and someone needs after all.
    logOverride: { 'import-is-undefined': 'error' },
    // What goes wrong is in the error it throws.
    logLevel: 'silent',
  });
  writeFileSync(join(outdir, 'index.mjs'), index);
  const reached = reachable(metafile.outputs);
  for (const { path, text } of outputFiles) {
    if (reached.has(relative('.', path).replaceAll(sep, '/'))) writeFileSync(path, await toCommonJs(text));
  }
  const inputs = [...reached.values()].flatMap((output) => Object.entries(output.inputs));
  const holding = (what: (path: string) => boolean): string | undefined =>
    inputs.find(([path, { bytesInOutput }]) => bytesInOutput > 0 && what(path))?.[0];
  const kernels = holding((path) => kernelsModule.test(path));
  if (kernels !== undefined) {
    const builds = readdirSync(dirname(kernels)).filter((name) => name.endsWith('.wasm'));
    for (const name of builds) copyFileSync(join(dirname(kernels), name), join(outdir, name));
  }
  const engine = holding((path) => path.includes(enginePackage));
  if (engine !== undefined) {
    const folder = engine.slice(0, engine.indexOf(enginePackage) + enginePackage.length);
    copyFileSync(join(folder, 'dist', wasmFile), join(outdir, wasmFile));
  }
}

/** The outputs that the entry imports, at once or on demand: there is also a chunk for each `import()` that fell away. */
function reachable(outputs: Metafile['outputs']): Map<string, Metafile['outputs'][string]> {
  const found = new Map(Object.entries(outputs).filter(([path]) => basename(path) === 'function.cjs'));
  // A map goes on to what is added while it is walked.
  for (const { imports } of found.values()) {
    for (const { path } of imports) {
      const output = outputs[path];
      if (output !== undefined) found.set(path, output);
    }
  }
  return found;
}

/**
 * CommonJS starts 4 ms faster than the same as ES modules, and does not load what a builtin has in getters: an `import` of
 * `node:http` evaluates all of undici, which takes 15 ms.
 */
async function toCommonJs(text: string): Promise<string> {
  const { code } = await transform(text, {
    ...target,
    format: 'cjs',
    minify: true,
    supported: { 'dynamic-import': false },
    banner: 'const modeletFileUrl=require("node:url").pathToFileURL(__filename).href;',
  });
  return code;
}
