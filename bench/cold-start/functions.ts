import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundleFunction, wasmFile } from '../../lib/serverless/bundle.js';
import { workFolder } from './install.js';
import type { Model } from './networks.js';

const sources = 'bench/cold-start/handlers';

/** Handlers that are bundled as `sls package` bundles a function: what is zipped is the folder. */
const ours = {
  idle: `${sources}/idle.ts`,
  floor: `${sources}/floor.ts`,
  digits: 'functions/digits.ts',
  mobilenet: `${sources}/mobilenet.ts`,
} as const;

const peers = ['naive', 'onnxruntime', 'tfjs-node'] as const;

export type FunctionName = keyof typeof ours | (typeof peers)[number];

/** Bundles a function into `<below>/<name>`. @returns that folder, with its `index` and what that reads beside it */
export async function makeFunction(name: FunctionName, below: string): Promise<string> {
  const folder = join(below, name);
  if (name in ours) await bundleFunction({ entry: ours[name as Model], outdir: folder });
  else await bundlePeer(name, folder, join(below, 'handlers'));
  // A start that leaves a code cache behind. Beside the function, because Node.js knows a cached file by its path.
  const cache = `const { handler } = require('./${name in ours ? 'function' : 'index'}.cjs');
exports.handler = async (event, context) => {
  const answer = await handler(event, context);
  require('node:module').flushCompileCache();
  return answer;
};
`;
  writeFileSync(join(folder, cacheModule), cache);
  return folder;
}

const cacheModule = 'cache.cjs';
/** The handler that answers and then writes the code cache to NODE_COMPILE_CACHE. */
export const cachingHandler = 'cache.handler';

/** As their users would: one minified file by esbuild, what is not JavaScript beside it. */
async function bundlePeer(name: FunctionName, folder: string, copies: string): Promise<void> {
  // Copied to where the other runtimes are installed, so that each finds its own packages.
  cpSync(sources, copies, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(copies, `${name}.mjs`)],
    outfile: join(folder, 'index.cjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // onnxruntime's addon is found by a path of these two; it stays a file.
    define: { 'process.platform': `"${process.platform}"`, 'process.arch': `"${process.arch}"` },
    loader: { '.node': 'copy' },
    assetNames: '[name]',
    logLevel: 'error',
  });
  if (name === 'naive') copy(`@tensorflow/tfjs-backend-wasm/dist/${wasmFile}`, join(folder, wasmFile));
  const library = 'libonnxruntime.so.1';
  if (name === 'onnxruntime')
    copy(`onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/${library}`, join(folder, library));
}

function copy(from: string, to: string): void {
  copyFileSync(resolve(workFolder, 'node_modules', from), to);
}
