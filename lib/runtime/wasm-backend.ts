import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { ModeletError } from '../core/errors.js';
import type { TfjsBackend } from './tfjs-backend.js';
import { inTurn } from './turns.js';
import { createWasmModule, HeapFullError, type WasmModule } from './wasm-module.js';
import { repairKernels } from './wasm-repairs/repair-kernels.js';

const MiB = 1024 * 1024;

/** Wasm's address space is 4 GiB. Results computed on a heap larger than this are not believed. */
const heapLimit = 3840 * MiB;

/** Dense weights are held twice (XNNPACK packs a copy at first use); the rest of the heap is left to activations. */
const weightLimit = 1792 * MiB;

/**
 * TF.js' wasm backend, made safe: where it would print a line and answer with stale memory, `fault` tells.
 * There can be one in a process, because TF.js' engine is global.
 */
export function createWasmBackend(): TfjsBackend {
  let module: WasmModule | undefined;
  let backend: BackendWasm | undefined;
  let opening: Promise<void> | undefined;
  let printed: string | undefined;
  let admitted = 0;
  let generation = 0;

  const start = async (): Promise<void> => {
    printed = undefined;
    admitted = 0;
    repairKernels();
    module = await createWasmModule(wasmFile(), (line) => {
      printed ??= line;
    });
    const made = new BackendWasm(module as unknown as ConstructorParameters<typeof BackendWasm>[0]);
    backend = made;
    await inTurn(() => {
      tf.removeBackend('wasm');
      tf.registerBackend('wasm', () => made);
      return tf.setBackend('wasm');
    });
  };

  return {
    name: 'wasm',
    mostWeights: weightLimit,
    memoryPerWeight: 2,
    get generation() {
      return generation;
    },
    open: () => {
      opening ??= start();
      return opening;
    },
    admit: (weightBytes) => {
      if (admitted + weightBytes > weightLimit) throw tooLarge(admitted, weightBytes);
      admitted += weightBytes;
      const since = generation;
      return () => {
        if (since === generation) admitted -= weightBytes;
      };
    },
    allocate: (shape, dtype) => {
      const made = backend as BackendWasm;
      const info = made.makeOutput([...shape], dtype);
      const bytes = () => {
        const view = made.typedArrayFromHeap(info);
        return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      };
      return { tensor: tf.engine().makeTensorFromTensorInfo(info, made), bytes };
    },
    fault: (thrown) => {
      if (thrown instanceof WebAssembly.RuntimeError || thrown instanceof HeapFullError) return thrown.message;
      if (printed !== undefined) return printed;
      const heap = module?.HEAPU8.length ?? 0;
      return heap > heapLimit ? `the wasm heap has grown to ${Math.round(heap / MiB)} MiB of 4096` : undefined;
    },
    condemn: () => {
      // Its memory goes with the module; asking a trapped module to free anything would throw once more.
      if (backend !== undefined) Object.assign(backend, { disposeData: () => true, dispose: () => undefined });
      module = undefined;
      opening = undefined;
      generation++;
    },
  };
}

/** Beside the code in a deployed bundle, else in the package that it comes from. */
function wasmFile(): string | URL {
  const name = 'tfjs-backend-wasm-simd.wasm';
  const beside = new URL(name, import.meta.url);
  return existsSync(beside)
    ? beside
    : createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`);
}

function tooLarge(held: number, wanted: number): ModeletError {
  const inMiB = (bytes: number) => `${Math.ceil(bytes / MiB)} MiB`;
  const others = held > 0 ? `, ${inMiB(held)} of them taken` : '';
  return new ModeletError(
    'MODEL_UNAVAILABLE',
    `${inMiB(wanted)} of weights don't fit in wasm's heap, which has room for ${inMiB(weightLimit)}${others}; ` +
      'use the tensorflow backend (MODELET_BACKEND=tensorflow, container image) or a smaller model',
  );
}
