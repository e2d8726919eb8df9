import { readFileSync } from 'node:fs';

/** Offsets into the memory are in bytes, pitches and sizes in elements; lib/kernels/c says what each kernel does. */
type Kernel = (...numbers: number[]) => number;

const names = [
  'conv2d',
  'pack',
  'batch_matmul',
  'patches',
  'overlap_add',
  'winograd',
  'pack_winograd',
  'depthwise',
  'pack_depthwise',
  'max_pool',
  'mean_pool',
  'unary',
  'binary',
  'choose',
  'softmax',
  'layer_norm',
  'reduce',
  'arg_most',
  'cumulate',
  'copy',
  'fill',
  'border',
  'gather',
  'resize',
  'resize_nearest',
  'recurrent',
] as const;

export type KernelName = (typeof names)[number];

/** The kernels over a memory of their own. */
export type Kernels = Readonly<Record<KernelName, Kernel>> & {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The first byte that is free. */
  readonly heapBase: number;
};

/** How the kernels are built: with or without fused multiply-add, and in the shape that a generation of V8 compiles well. */
export type Build = 'fma-v8-13' | 'simd-v8-13' | 'fma-v8-11' | 'simd-v8-11';

/** (module (func (param v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 0) (local.get 0)))) */
const relaxedProbe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 123, 1, 123, 3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 32, 0, 32, 0, 32, 0, 253, 133, 2, 11],
);

/**
 * V8 keeps the order of a program since 13 (Node 24), so that a long unrolled loop stays in registers; before, it hoists the loads
 * and would spill. Relaxed SIMD is in every V8 since 11.4, behind a flag in 11.3 (Node 20).
 */
export function bestBuild(v8: string = process.versions.v8): Build {
  const width = WebAssembly.validate(relaxedProbe) ? 'fma' : 'simd';
  return Number.parseInt(v8, 10) >= 13 ? `${width}-v8-13` : `${width}-v8-11`;
}

const compiled = new Map<Build, Promise<WebAssembly.Module>>();

/** The code of a build, compiled once a process. */
export function compileKernels(build: Build = bestBuild()): Promise<WebAssembly.Module> {
  const module = compiled.get(build) ?? WebAssembly.compile(codeOf(build));
  compiled.set(build, module);
  return module;
}

/** At once: a cold start would wait longer for a thread that reads than for the disk. */
const codeOf = (build: Build): Uint8Array<ArrayBuffer> => readFileSync(new URL(`./${build}.wasm`, import.meta.url));

/** In pages of 64 KiB: what a new memory has, and what 32-bit pointers reach. Room for it is reserved, not taken. */
const pages = { initial: 16, maximum: 65_536 };

/** Kernels with a fresh memory, which other threads may share. */
export async function createKernels(build?: Build): Promise<Kernels> {
  const module = await compileKernels(build);
  const memory = new WebAssembly.Memory({ ...pages, shared: true });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const { __heap_base, __stack_pointer, ...kernels } = exports as Record<string, unknown>;
  return {
    ...(kernels as Record<KernelName, Kernel>),
    module,
    memory,
    heapBase: (__heap_base as WebAssembly.Global).value as number,
  };
}
