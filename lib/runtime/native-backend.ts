import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { ModeletError } from '../core/errors.js';

// In a variable, so that neither the type checker nor a bundler asks for a package that is not installed.
const packageName: string = '@tensorflow/tfjs-node';

/**
 * Registers TensorFlow.js' backend `tensorflow` (native libtensorflow) with the engine that every copy of
 * `@tensorflow/tfjs-core` in this process shares, and makes it the active one.
 * @throws MODEL_UNAVAILABLE when the package or its native parts are missing
 */
export async function loadTfjsNode(): Promise<void> {
  if (!nativeBackendInstalled()) {
    throw new ModeletError(
      'MODEL_UNAVAILABLE',
      "the backend 'tensorflow' is not installed; run `npm run native`, or use the backend 'wasm'",
    );
  }
  restoreRemovedUtilities();
  // libtensorflow reads it when it is loaded: '2' keeps its start-up notes off stderr, not its errors.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  await import(packageName);
}

/** Whether tfjs-node is here with its addon and libtensorflow: the package alone is not enough (`npm rebuild` deletes them). */
export function nativeBackendInstalled(): boolean {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
    return ['lib/napi-v8/tfjs_binding.node', 'deps/lib'].every((part) => existsSync(join(folder, part)));
  } catch {
    return false;
  }
}

/** Node 23 removed two functions of `node:util` which tfjs-node 4.22.0 calls; these are their documented replacements. */
function restoreRemovedUtilities(): void {
  const removed = util as { isNullOrUndefined?: (value: unknown) => boolean; isArray?: (value: unknown) => boolean };
  removed.isNullOrUndefined ??= (value) => value === null || value === undefined;
  removed.isArray ??= Array.isArray;
}
