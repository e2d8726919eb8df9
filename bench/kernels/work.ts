import type { Kernels } from '../../lib/kernels/kernels.js';
import { cellActivations, cellKinds } from '../../lib/kernels/kinds.js';

/** Something that kernels do in networks. */
export interface Work {
  readonly name: string;
  /** Floating-point operations of a run, a multiplication and an addition each; of Winograd's way those of the direct one. */
  readonly operations: number;
  /** Puts numbers into the memory. @returns what does the work once */
  prepare(kernels: Kernels): () => void;
}

/** Takes room for floats from a memory's start on, filled with small numbers. */
function taker({ memory, heapBase }: Kernels): (floats: number) => number {
  let top = Math.ceil(heapBase / 64) * 64;
  return (floats) => {
    const at = top;
    top += Math.ceil((4 * floats + 16) / 64) * 64;
    const missing = top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65_536));
    const numbers = new Float32Array(memory.buffer, at, floats);
    for (let index = 0; index < floats; index++) numbers[index] = Math.sin(index) / 8;
    return at;
  };
}

const panels = (columns: number, depth: number): number => Math.ceil(columns / 8) * 8 * (depth + 1);
const unclamped = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** A convolution over `size`² outputs. */
const convolution = (name: string, size: number, window: number, channels: number, columns: number): Work => ({
  name,
  operations: 2 * size * size * window * window * channels * columns,
  prepare: (kernels) => {
    const take = taker(kernels);
    const [side, depth] = [size + window - 1, window * window * channels];
    const [x, raw, weights, out] = [
      take(side * side * channels),
      take(depth * columns),
      take(panels(columns, depth)),
      take(size * size * columns),
    ];
    kernels.pack(raw, 0, weights, depth, columns);
    const strides = [side * channels, side * side * channels, columns, size * columns, size * size * columns, columns];
    return () => {
      kernels.conv2d(x, weights, out, 0, 1, size, size, channels, window, window, 1, 1, ...strides, 0, 6);
    };
  },
});

const product = (name: string, rows: number, depth: number, columns: number): Work => ({
  name,
  operations: 2 * rows * depth * columns,
  prepare: (kernels) => {
    const take = taker(kernels);
    const [a, b, packed, out] = [
      take(rows * depth),
      take(depth * columns),
      take(panels(columns, depth)),
      take(rows * columns),
    ];
    kernels.pack(b, 0, packed, depth, columns);
    const pitches = [rows * depth, 0, columns, rows * columns, 0, columns];
    return () => {
      kernels.conv2d(a, packed, out, 0, 1, 1, rows, depth, 1, 1, 1, 1, ...pitches, ...unclamped);
    };
  },
});

const winograd = (name: string, size: number, channels: number, columns: number): Work => ({
  name,
  operations: 2 * size * size * 9 * channels * columns,
  prepare: (kernels) => {
    const take = taker(kernels);
    const side = size + 2;
    const [x, raw, bias, out] = [
      take(side * side * channels),
      take(9 * channels * columns),
      take(columns),
      take(size * size * columns),
    ];
    const weights = take(36 * panels(columns, channels));
    const scratch = take(36 * Math.ceil(size / 4) ** 2 * (channels + columns));
    kernels.pack_winograd(raw, weights, channels, columns);
    const pitches = [side * channels, side * side * channels, columns, size * columns, size * size * columns];
    return () => {
      kernels.winograd(x, weights, bias, out, 0, scratch, 1, size, size, channels, ...pitches, ...unclamped);
    };
  },
});

const depthwise = (name: string, size: number, channels: number): Work => ({
  name,
  operations: 2 * size * size * 9 * channels,
  prepare: (kernels) => {
    const take = taker(kernels);
    const side = size + 2;
    const [x, weights, out] = [take(side * side * channels), take(10 * channels), take(size * size * channels)];
    const pitches = [side * channels, side * side * channels, size * channels, size * size * channels];
    return () => {
      kernels.depthwise(x, weights, out, 1, size, size, channels, 3, 3, 1, 1, 1, 1, ...pitches, 0, 6);
    };
  },
});

const lstm = (name: string, steps: number, units: number): Work => ({
  name,
  operations: 2 * steps * units * 4 * units,
  prepare: (kernels) => {
    const take = taker(kernels);
    const [x, weights, h, c, scratch] = [
      take(steps * 4 * units),
      take(panels(4 * units, units)),
      take(units),
      take(units),
      take(5 * units),
    ];
    const kinds = [cellActivations.indexOf('tanh'), cellActivations.indexOf('sigmoid')];
    return () => {
      kernels.recurrent(cellKinds.indexOf('lstm'), x, weights, 0, h, c, scratch, 0, 0, steps, 1, units, ...kinds, 0, 0);
    };
  },
});

export const works: readonly Work[] = [
  product('256 × 256 · 256 × 256', 256, 256, 256),
  convolution('1 × 1, 14², 96 → 576', 14, 1, 96, 576),
  convolution('1 × 1, 7², 960 → 160', 7, 1, 960, 160),
  convolution('3 × 3, 28², 32 → 32', 28, 3, 32, 32),
  winograd('the same by Winograd', 28, 32, 32),
  depthwise('depthwise 3 × 3, 28², 192', 28, 192),
  product('one row, 1280 → 1000', 1, 1280, 1000),
  lstm('LSTM(64), 100 steps', 100, 64),
];
