import { readFile } from 'node:fs/promises';
import createModule from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js';
import { HeapFullError } from './heap-full-error.js';
import { createLargestMagnitude, type MagnitudeBits } from './wasm-repairs/largest-magnitude.js';

/** The parts of TF.js' emscripten module that we touch (tfjs-backend-wasm/wasm-out). */
export interface WasmModule {
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(offset: number): void;
  cwrap(name: string, result: string | null, parameters: string[]): (...values: number[]) => number;
  tfjs: Record<string, (...values: number[]) => number>;
  /** The largest magnitude among `count` float32 at an offset, as bits. */
  largestMagnitude(offset: number, count: number): MagnitudeBits;
}

type Factory = (config: {
  printErr(line: string): void;
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): object;
}) => Promise<WasmModule>;

/**
 * Instantiates TF.js' wasm kernels (the SIMD build: every Node.js that we support has it). TF.js' own initialisation would
 * print kernel failures to the console and go on with whatever the output buffer held before; here they reach the caller.
 * @param file the .wasm file
 * @param onFault called with each line that a kernel prints; TF.js prints only failures
 */
export async function createWasmModule(file: string | URL, onFault: (line: string) => void): Promise<WasmModule> {
  const compiled = await WebAssembly.compile(await readFile(file));
  const listeners = processListeners();
  let memory: WebAssembly.Memory | undefined;
  const module = await new Promise<WasmModule>((resolve, reject) => {
    (createModule as unknown as Factory)({
      printErr: onFault,
      instantiateWasm: (imports, done) => {
        WebAssembly.instantiate(compiled, imports).then((instance) => {
          memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
          done(instance);
        }, reject);
        return {};
      },
    }).then(resolve, reject);
  });
  removeNewListeners(listeners);

  // The JavaScript side of the bridge, as tfjs-backend-wasm's `init` (backend_wasm.ts) makes it.
  const number = 'number';
  module.tfjs = {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, [number]),
    getThreadsCount: module.cwrap('get_threads_count', number, []),
    registerTensor: module.cwrap('register_tensor', null, [number, number, number]),
    disposeData: module.cwrap('dispose_data', null, [number]),
    dispose: module.cwrap('dispose', null, []),
  };
  guardMalloc(module);
  if (memory === undefined) throw new Error("TF.js' wasm module exports no memory");
  module.largestMagnitude = createLargestMagnitude({ memory, malloc: module._malloc });
  return module;
}

/**
 * At the end of its 4 GiB, malloc returns 0, or a block that wraps round to address 0; TF.js would write the tensor there,
 * over the module's own data. Sizes and offsets in bytes.
 */
function guardMalloc(module: WasmModule): void {
  // Emscripten's first call replaces `_malloc` by the bare export; only then it stays what we make it.
  module._free(module._malloc(1));
  const malloc = module._malloc;
  module._malloc = (bytes) => {
    const offset = malloc(bytes) >>> 0;
    const fits = offset !== 0 && offset + bytes <= module.HEAPU8.length;
    if (bytes > 0 && !fits) throw new HeapFullError(`wasm heap: no room for ${bytes} bytes`);
    return offset;
  };
}

const processEvents = ['uncaughtException', 'unhandledRejection'] as const;

function processListeners(): ReadonlySet<unknown> {
  return new Set(processEvents.flatMap((event) => process.listeners(event as 'uncaughtException')));
}

/** Emscripten installs handlers that rethrow whatever goes wrong anywhere in the process; that is the host's business. */
function removeNewListeners(before: ReadonlySet<unknown>): void {
  for (const event of processEvents) {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!before.has(listener)) process.removeListener(event, listener);
    }
  }
}
