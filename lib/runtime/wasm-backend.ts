import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { HeapFullError } from './heap-full-error.js';
import { reserved } from './reserved.js';
import type { TfjsBackend } from './tfjs-backend.js';
import { inTurn } from './turns.js';
import type { WasmModule } from './wasm-module.js';
import { mayGiveWay, packedBytes } from './wasm-repairs/giving-way.js';

const MiB = 1024 * 1024;

/** Wasm's address space is 4 GiB. Results computed on a heap larger than this are not believed. */
const heapLimit = 3840 * MiB;

/** Of it, what weights and their packed copies may take; the rest is left to activations. */
const weightLimit = 3584 * MiB;

/**
 * TF.js' wasm backend, made safe: where it would print a line and answer with stale memory, `fault` tells.
 * There can be one in a process, because TF.js' engine is global.
 */
export function createWasmBackend(): TfjsBackend {
  let module: WasmModule | undefined;
  let backend: BackendWasm | undefined;
  let opening: Promise<void> | undefined;
  let printed: string | undefined;
  let room = reserved();
  let generation = 0;

  const start = async (): Promise<void> => {
    printed = undefined;
    room = reserved();
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
    mostWeights: weightLimit / 2,
    memoryPerWeight: 2,
    get generation() {
      return generation;
    },
    open: () => {
      opening ??= start();
      return opening;
    },
    admit: ({ packed, largest, other }, memory) => {
      // Kernels pack copies of weights at first use. Where those take the place of the originals, two layers are there twice
      // for a while: the one being packed, and one whose hole is too small for the next.
      const needs = packed + 2 * largest + 2 * other;
      if (memory < weightLimit && needs <= weightLimit) return room.take(needs, memory);
      const image = 'use the tensorflow backend (MODELET_BACKEND=tensorflow, container image) or a smaller model';
      return room.take(needs, weightLimit, `wasm can hold no more; ${image}`);
    },
    allocate: (shape, dtype, givesWay) => {
      const made = backend as BackendWasm;
      const offset = givesWay ? module?._malloc(packedBytes(shape)) : undefined;
      const info = made.makeOutput([...shape], dtype, offset);
      if (givesWay) mayGiveWay(info.dataId);
      const bytes = () => {
        const view = made.typedArrayFromHeap(info);
        return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      };
      const tensor = tf.engine().makeTensorFromTensorInfo(info, made);
      return { tensor, bytes, dispose: () => tensor.dispose() };
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
