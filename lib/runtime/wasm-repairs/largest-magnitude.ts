import { assemble, type Code, get, i32, loopWhile, set, v128 } from '../recurrent/wasm-assembler.js';

/** Memory of TF.js' wasm module; bytes. */
export interface Heap {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
}

/** Bits of a float32's magnitude; as whole numbers they order as the magnitudes do: finite < Infinity < NaN. */
export type MagnitudeBits = number;

export const magnitudeBits = (value: number): MagnitudeBits =>
  (new Uint32Array(Float32Array.of(value).buffer)[0] as number) & 0x7fffffff;

const infinityBits = 0x7f800000;
export const isNaNBits = (bits: MagnitudeBits): boolean => bits > infinityBits;

const simd = (code: number): Code => [0xfd, code];
const and = (a: Code, b: Code): Code => [...a, ...b, ...simd(0x4e)];
const largerWord = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xb9, 0x01];

let compiled: WebAssembly.Module | undefined;

/**
 * Finds the largest magnitude in a stretch of the heap, in about the time that it takes to read it: 64 bytes a step.
 * @returns from an offset in bytes (a multiple of 4) and a count of floats
 */
export function createLargestMagnitude({ memory, malloc }: Heap): (offset: number, count: number) => MagnitudeBits {
  compiled ??= new WebAssembly.Module(assemble([scan()]));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const run = exports.scan as (begin: number, end: number, result: number) => void;
  const result = malloc(16);
  return (offset, count) => {
    const whole = count - (count % 16);
    run(offset, offset + 4 * whole, result);
    // Views of their own, because the heap may have moved since.
    let largest = Math.max(...new Uint32Array(memory.buffer, result, 4));
    const rest = new Uint32Array(memory.buffer, offset + 4 * whole, count - whole);
    for (const bits of rest) largest = Math.max(largest, bits & 0x7fffffff);
    return largest;
  };
}

/** `scan(begin, end, result)`: the largest word of each lane, its sign bit cleared, is stored at `result`. */
function scan() {
  const [begin, end, result, largest] = [0, 1, 2, 3] as const;
  const words = (offset: number): Code => and(v128.load(get(begin), offset), v128.words(0x7fffffff));
  const pair = (offset: number): Code => largerWord(words(offset), words(offset + 16));
  const step = [
    ...set(largest, largerWord(get(largest), largerWord(pair(0), pair(32)))),
    ...set(begin, i32.add(get(begin), i32.of(64))),
  ];
  const body = [...loopWhile(i32.lessThan(get(begin), get(end)), step), ...v128.store(get(result), 0, get(largest))];
  return { name: 'scan', parameters: 3, locals: { i32: 0, v128: 1 }, body };
}
