import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { type Chunk, toCommonJs } from './common-js.js';
import { ownCopy } from './own-copy.js';
import { slimTensorflow } from './slim-tensorflow.js';

const enginePackage = '@tensorflow/tfjs-backend-wasm/';
/** The build of the wasm engine for Lambda: every Arm and x86 machine there has SIMD; threads don't pay in Node. */
export const wasmFile = 'tfjs-backend-wasm-simd.wasm';

/** The module that reads our own kernels, one of several builds, from beside itself. */
const kernelsModule = /(^|\/)lib\/kernels\/kernels\.[jt]s$/;

const entryFile = 'function.cjs';

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
 * on demand (what stands behind an `import()`), and the wasm files of the kernels and the engine that the bundle
 * holds. `.cjs` is CommonJS whatever package.json is above it.
 */
export async function bundleFunction({ entry, outdir }: { entry: string; outdir: string }): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const { outputFiles, metafile } = await build({
    platform: 'node',
    target: 'node20',
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
  const chunks = new Map<string, Chunk>();
  for (const { path, text } of outputFiles) {
    const output = reached.get(relative('.', path).replaceAll(sep, '/'));
    if (output !== undefined) chunks.set(basename(path), { text, imports: importsOf(output) });
  }
  for (const [name, text] of await toCommonJs(chunks, entryFile)) writeFileSync(join(outdir, name), text);
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
  const found = new Map(Object.entries(outputs).filter(([path]) => basename(path) === entryFile));
  // A map goes on to what is added while it is walked.
  for (const { imports } of found.values()) {
    for (const { path } of imports) {
      const output = outputs[path];
      if (output !== undefined) found.set(path, output);
    }
  }
  return found;
}

function importsOf({ imports }: Metafile['outputs'][string]): Chunk['imports'] {
  return imports
    .filter(({ external }) => external !== true)
    .map(({ path, kind }) => ({ name: basename(path), onDemand: kind === 'dynamic-import' }));
}
