import {
  assemble,
  type Code,
  f32x4,
  get,
  i32,
  i32x4,
  loopWhile,
  set,
  v128,
  type WasmFunction,
} from './wasm-assembler.js';

/** The inner loops of recurrent layers, in WebAssembly SIMD over a memory of their own. Offsets, strides and sizes in bytes. */
export interface SimdKernels {
  readonly memory: Float32Array;
  /**
   * out[row] = start[row] + x[row] · w for `rows` rows, each of `panels` × 16 floats.
   * @param w [panels][k][16]: 16 neighbouring columns of the kernel together, so that it is read in the order in which it lies
   * @param startStride 0 where all rows start with the same numbers, a bias
   */
  product(
    x: number,
    xStride: number,
    w: number,
    start: number,
    startStride: number,
    out: number,
    outStride: number,
    rows: number,
    k: number,
    panels: number,
  ): void;
  /** In place, from `begin` up to `end`, a multiple of 16 bytes; within 2e-7. NaN stays NaN. */
  sigmoid(begin: number, end: number): void;
  tanh(begin: number, end: number): void;
}

/** Columns that `product` works on together: four vectors. */
export const panelWidth = 16;

const pageBytes = 65_536;
let compiled: WebAssembly.Module | undefined;

/** Kernels with room for this many bytes, all zero. The memory never grows, so views of it stay valid. */
export function createSimdKernels(bytes: number): SimdKernels {
  compiled ??= new WebAssembly.Module(
    assemble([productFunction(), elementwise('sigmoid', sigmoid()), elementwise('tanh', tanh())]),
  );
  const pages = Math.ceil(bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return { ...(exports as unknown as Omit<SimdKernels, 'memory'>), memory: new Float32Array(memory.buffer) };
}

/** Two rows at a time, so that each vector of the kernel that is loaded is used twice; a last single row by itself. */
function productFunction(): WasmFunction {
  const [x, xStride, w, start, startStride, out, outStride, rows, k, panels] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
  const [rowsLeft, left, xRow, startRow, outRow, wAt, xAt, xNext] = [10, 11, 12, 13, 14, 15, 16, 17] as const;
  const [weights, factor, sum] = [18, 19, 21] as const; // factor + row; sum + 4 · row + vector
  const vectors = [0, 1, 2, 3];
  const advance = (local: number, by: Code): Code => set(local, i32.add(get(local), by));

  const block = (count: 1 | 2): Code => {
    const each = count === 1 ? [0] : [0, 1];
    const rowOf = (base: number, stride: number, row: number): Code =>
      row === 0 ? get(base) : i32.add(get(base), get(stride));
    const step = (offset: number): Code => [
      ...each.flatMap((row) => set(factor + row, v128.loadSplat(get(row === 0 ? xAt : xNext), 4 * offset))),
      ...vectors.flatMap((vector) => [
        ...set(weights, v128.load(get(wAt), 4 * panelWidth * offset + 16 * vector)),
        ...each.flatMap((row) => {
          const at = sum + 4 * row + vector;
          return set(at, f32x4.add(get(at), f32x4.mul(get(factor + row), get(weights))));
        }),
      ]),
    ];
    const steps = (length: number): Code => [
      ...Array.from({ length }, (_, offset) => step(offset)).flat(),
      ...advance(xAt, i32.of(4 * length)),
      ...advance(xNext, i32.of(4 * length)),
      ...advance(wAt, i32.of(4 * panelWidth * length)),
      ...set(left, i32.sub(get(left), i32.of(length))),
    ];
    return [
      ...each.flatMap((row) =>
        vectors.flatMap((vector) =>
          set(sum + 4 * row + vector, v128.load(rowOf(startRow, startStride, row), 16 * vector)),
        ),
      ),
      ...set(xAt, get(xRow)),
      ...set(xNext, i32.add(get(xRow), get(xStride))),
      ...set(wAt, get(w)),
      ...set(left, get(k)),
      ...loopWhile(i32.lessThan(i32.of(3), get(left)), steps(4)),
      ...loopWhile(get(left), steps(1)),
      ...each.flatMap((row) =>
        vectors.flatMap((vector) =>
          v128.store(rowOf(outRow, outStride, row), 16 * vector, get(sum + 4 * row + vector)),
        ),
      ),
      ...[0, ...each.slice(1)].flatMap(() => [
        ...advance(xRow, get(xStride)),
        ...advance(startRow, get(startStride)),
        ...advance(outRow, get(outStride)),
      ]),
      ...set(rowsLeft, i32.sub(get(rowsLeft), i32.of(count))),
    ];
  };

  const panel: Code = [
    ...set(xRow, get(x)),
    ...set(startRow, get(start)),
    ...set(outRow, get(out)),
    ...set(rowsLeft, get(rows)),
    ...loopWhile(i32.lessThan(i32.of(1), get(rowsLeft)), block(2)),
    ...loopWhile(get(rowsLeft), block(1)),
    ...advance(w, i32.shl(get(k), Math.log2(4 * panelWidth))),
    ...advance(start, i32.of(4 * panelWidth)),
    ...advance(out, i32.of(4 * panelWidth)),
    ...set(panels, i32.sub(get(panels), i32.of(1))),
  ];
  return { name: 'product', parameters: 10, locals: { i32: 8, v128: 11 }, body: loopWhile(get(panels), panel) };
}

// Locals of the elementwise functions, after the two parameters: vectors.
const [argument, reduced, power, whole] = [2, 3, 4, 5] as const;

/** A function of a vector, given in local `argument`, over a range of memory. */
function elementwise(name: string, compute: Code): WasmFunction {
  const [begin, end] = [0, 1] as const;
  const body = loopWhile(i32.lessThan(get(begin), get(end)), [
    ...set(argument, v128.load(get(begin), 0)),
    ...v128.store(get(begin), 0, compute),
    ...set(begin, i32.add(get(begin), i32.of(16))),
  ]);
  return { name, parameters: 2, locals: { i32: 0, v128: 4 }, body };
}

/** c₀xⁿ + … + cₙ */
function polynomial(x: Code, coefficients: readonly number[]): Code {
  const [first = 0, ...others] = coefficients;
  return others.reduce<Code>(
    (sum, coefficient) => f32x4.add(f32x4.mul(sum, x), v128.floats(coefficient)),
    v128.floats(first),
  );
}

/** 2^23 · 1.5: a float this large has no fraction, so adding it rounds, and leaves the whole number in the low bits. */
const rounding = 12_582_912;

/**
 * eˣ = 2ⁿ · eʳ with x = n ln 2 + r; coefficients and the split of ln 2 are those of Cephes' expf (netlib.org/cephes).
 * Beyond ±87 the result stays what it is there, which sigmoid and tanh can't tell from 0 and infinity.
 */
function exp(x: Code): Code {
  const ln2 = [0.693359375, -2.1219444e-4];
  const coefficients = [
    1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
  ];
  const r = get(reduced);
  const raised = f32x4.add(f32x4.mul(polynomial(r, coefficients), f32x4.mul(r, r)), f32x4.add(r, v128.floats(1)));
  return [
    ...set(reduced, f32x4.pmin(f32x4.pmax(x, v128.floats(-87)), v128.floats(87))),
    ...set(power, f32x4.add(f32x4.mul(get(reduced), v128.floats(Math.LOG2E)), v128.floats(rounding))),
    ...set(whole, f32x4.sub(get(power), v128.floats(rounding))),
    ...ln2.flatMap((part) => set(reduced, f32x4.sub(r, f32x4.mul(get(whole), v128.floats(part))))),
    // 2ⁿ as a float is n + 127 in the bits from 23 on. A product, not a sum of bits: NaN must stay NaN.
    ...f32x4.mul(raised, i32x4.add(i32x4.shl(get(power), 23), v128.words(127 << 23))),
  ];
}

function sigmoid(): Code {
  return f32x4.div(v128.floats(1), f32x4.add(v128.floats(1), exp(f32x4.neg(get(argument)))));
}

/** 1 − 2 / (e²ˣ + 1); near 0, where that loses digits, Cephes' polynomial for tanhf. */
function tanh(): Code {
  const x = get(argument);
  const coefficients = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1];
  const square = f32x4.mul(x, x);
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(x, square), polynomial(square, coefficients)));
  const doubled = exp(f32x4.add(x, x));
  const far = f32x4.sub(v128.floats(1), f32x4.div(v128.floats(2), f32x4.add(doubled, v128.floats(1))));
  return v128.select(f32x4.lessThan(f32x4.abs(x), v128.floats(0.625)), near, far);
}
