import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const enginePackage = '@tensorflow/tfjs-backend-wasm/';
/** The build of the wasm engine for Lambda: every Arm and x86 machine there has SIMD; threads don't pay in Node. */
export const wasmFile = 'tfjs-backend-wasm-simd.wasm';

/**
 * Bundles one function into `outdir`, which is emptied first: `index.cjs`, and the engine's wasm file beside it where the
 * bundle holds the engine. Lambda finds the handler as `index.handler`; `.cjs` is CommonJS whatever package.json is above it.
 * In the bundle `import.meta.url` is index.cjs itself.
 */
export async function bundleFunction({ entry, outdir }: { entry: string; outdir: string }): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: join(outdir, 'index.cjs'),
    bundle: true,
    minify: true,
    metafile: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // ES modules where a package has them: what a function does not use falls away. A third smaller, 40 ms faster to start.
    mainFields: ['module', 'main'],
    // tfjs-core's fallback for a Node without fetch; it would bring 265 KB.
    alias: { 'node-fetch': 'data:text/javascript,export default globalThis.fetch' },
    external: ['@tensorflow/tfjs-node'],
    define: { 'import.meta.url': 'modeletFileUrl' },
    banner: { js: 'const modeletFileUrl=require("node:url").pathToFileURL(__filename).href;' },
    // What goes wrong is in the error it throws.
    logLevel: 'silent',
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  if (inputs.some(([path, { bytesInOutput }]) => bytesInOutput > 0 && path.includes(enginePackage))) {
    const wasm = createRequire(resolve(entry)).resolve(`${enginePackage}dist/${wasmFile}`);
    copyFileSync(wasm, join(outdir, wasmFile));
  }
}
