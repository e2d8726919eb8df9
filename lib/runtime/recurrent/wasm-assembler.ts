// Just as much of WebAssembly's binary format (webassembly.github.io/spec/core/binary) as simd-kernels.ts needs.

/** Instructions in binary form. */
export type Code = readonly number[];

const valueTypes = { i32: 0x7f, v128: 0x7b } as const;

export interface WasmFunction {
  readonly name: string;
  /** How many i32 parameters it takes; they are locals 0, 1, … */
  readonly parameters: number;
  /** Further locals: first the i32 ones, then the v128 ones. */
  readonly locals: { readonly i32: number; readonly v128: number };
  readonly body: Code;
}

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];

export const i32 = {
  of: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  sub: (a: Code, b: Code): Code => [...a, ...b, 0x6b],
  shl: (a: Code, bits: number): Code => [...a, ...i32.of(bits), 0x74],
  lessThan: (a: Code, b: Code): Code => [...a, ...b, 0x49],
  isZero: (a: Code): Code => [...a, 0x45],
};

/** Repeats `body` while the condition holds; not once where it never did. */
export function loopWhile(condition: Code, body: Code): Code {
  const none = 0x40;
  return [0x02, none, 0x03, none, ...i32.isZero(condition), 0x0d, 1, ...body, 0x0c, 0, 0x0b, 0x0b];
}

const simd = (...code: number[]): Code => [0xfd, ...code];
// A SIMD load's or store's alignment hint (as a power of two) and offset in bytes.
const at = (offset: number): Code => [0x02, ...unsigned(offset)];
const binary = (code: number) => (a: Code, b: Code) => [...a, ...b, ...simd(code, 1)];
const bytesOf = (word: Float32Array | Uint32Array): Code => [...new Uint8Array(word.buffer)];
const fourTimes = (word: Code): Code => [...simd(0x0c), ...word, ...word, ...word, ...word];

export const v128 = {
  load: (address: Code, offset: number): Code => [...address, ...simd(0x00), ...at(offset)],
  /** The float at an address in all four lanes. */
  loadSplat: (address: Code, offset: number): Code => [...address, ...simd(0x09), ...at(offset)],
  store: (address: Code, offset: number, value: Code): Code => [...address, ...value, ...simd(0x0b), ...at(offset)],
  floats: (value: number): Code => fourTimes(bytesOf(Float32Array.of(value))),
  words: (value: number): Code => fourTimes(bytesOf(Uint32Array.of(value))),
  /** `a` where the mask's bits are set, else `b`. */
  select: (mask: Code, a: Code, b: Code): Code => [...a, ...b, ...mask, ...simd(0x52)],
};

export const f32x4 = {
  add: binary(0xe4),
  sub: binary(0xe5),
  mul: binary(0xe6),
  div: binary(0xe7),
  /** The smaller one; `a` where either is NaN. */
  pmin: binary(0xea),
  /** The larger one; `a` where either is NaN. */
  pmax: binary(0xeb),
  neg: (a: Code): Code => [...a, ...simd(0xe1, 1)],
  abs: (a: Code): Code => [...a, ...simd(0xe0, 1)],
  lessThan: (a: Code, b: Code): Code => [...a, ...b, ...simd(0x43)],
};

export const i32x4 = {
  add: binary(0xae),
  shl: (a: Code, bits: number): Code => [...a, ...i32.of(bits), ...simd(0xab, 1)],
};

/** A module that imports its memory as `env.memory` and exports the functions by name; none returns a value. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const signatures = functions.map(({ parameters }) => [0x60, ...vector(Array(parameters).fill([valueTypes.i32])), 0]);
  const bodies = functions.map(({ locals, body }) => {
    const declared = [
      [...unsigned(locals.i32), valueTypes.i32],
      [...unsigned(locals.v128), valueTypes.v128],
    ];
    return sized([...vector(declared), ...body, 0x0b]);
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(signatures)),
    ...section(2, vector([[...text('env'), ...text('memory'), 0x02, 0x00, 0x00]])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]))),
    ...section(10, vector(bodies)),
  ]);
}

const section = (id: number, content: Code): Code => [id, ...sized(content)];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (value: string): Code => sized([...Buffer.from(value)]);

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128. */
function signed(value: number): Code {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
