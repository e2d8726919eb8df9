import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { ModeletError } from '../core/errors.js';
import { HeapFullError } from './heap-full-error.js';
import type { TfjsBackend } from './tfjs-backend.js';
import { inTurn } from './turns.js';
import type { WasmModule } from './wasm-module.js';

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
    // The kernels' code is read here, and not with the function's: by then the registry has been asked.
    const { startWasm } = await import('./start-wasm.js');
    const started = await startWasm((line) => {
      printed ??= line;
    });
    module = started.module;
    const made = started.backend;
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

function tooLarge(held: number, wanted: number): ModeletError {
  const inMiB = (bytes: number) => `${Math.ceil(bytes / MiB)} MiB`;
  const others = held > 0 ? `, ${inMiB(held)} of them taken` : '';
  return new ModeletError(
    'MODEL_UNAVAILABLE',
    `${inMiB(wanted)} of weights don't fit in wasm's heap, which has room for ${inMiB(weightLimit)}${others}; ` +
      'use the tensorflow backend (MODELET_BACKEND=tensorflow, container image) or a smaller model',
  );
}
