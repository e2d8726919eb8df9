import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { createWasmModule, type WasmModule } from './wasm-module.js';
import { repairKernels } from './wasm-repairs/repair-kernels.js';

/**
 * TF.js' wasm kernels, repaired, and a backend on a new instance of their module.
 * @param onFault called with each line that a kernel prints; TF.js prints only failures
 */
export async function startWasm(
  onFault: (line: string) => void,
): Promise<{ readonly module: WasmModule; readonly backend: BackendWasm }> {
  repairKernels();
  const module = await createWasmModule(wasmFile(), onFault);
  return { module, backend: new BackendWasm(module as unknown as ConstructorParameters<typeof BackendWasm>[0]) };
}

/** Beside the code in a deployed bundle, else in the package that it comes from. */
function wasmFile(): string | URL {
  const name = 'tfjs-backend-wasm-simd.wasm';
  const beside = new URL(name, import.meta.url);
  return existsSync(beside)
    ? beside
    : createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/dist/${name}`);
}
