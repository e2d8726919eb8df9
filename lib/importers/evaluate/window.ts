import { ModeletError } from '../../core/errors.js';
import type { ConfigReader } from './read-config.js';

/** A window that slides over the spatial axes of convolutions and pooling. */
export interface Window {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: 'valid' | 'same' | 'causal';
}

/**
 * All places where the window meets the input: tap `tap[i]` of the window at output position `outer[i]` lies on input position
 * `inner[i]`. Positions and taps are row-major indices without batch and channels; taps on padding are left out.
 */
export interface Taps {
  readonly shape: readonly number[];
  readonly outer: Int32Array;
  readonly inner: Int32Array;
  readonly tap: Int32Array;
}

/** 400 MB of indices: an image of 1,900 × 1,900 under a window of 3 × 3. */
const mostMeetings = 2 ** 25;

/**
 * Slides a window over an input of these spatial sizes, by TensorFlow's rule. With e = (size - 1) · dilation + 1:
 * valid: ⌊(n - e) / stride⌋ + 1 positions without padding; same: ⌈n / stride⌉ positions, the padding they need divided evenly,
 * the odd one after; causal: the same positions with e - 1 before and nothing after.
 * @throws ModeletError INVALID_INPUT where the window is larger than the input
 */
export function slideWindow(spatial: readonly number[], window: Window, layerName: string): Taps {
  const axes = spatial.map((n, axis) => {
    const [size, stride, dilation] = [window.size, window.strides, window.dilation].map((list) => list[axis] ?? 1) as [
      number,
      number,
      number,
    ];
    const extent = (size - 1) * dilation + 1;
    const positions = window.padding === 'valid' ? Math.floor((n - extent) / stride) + 1 : Math.ceil(n / stride);
    const padded = {
      valid: 0,
      same: Math.floor(Math.max((positions - 1) * stride + extent - n, 0) / 2),
      causal: extent - 1,
    };
    return { n, size, stride, dilation, positions, before: padded[window.padding] };
  });
  const shape = axes.map(({ positions }) => positions);
  if (shape.some((positions) => positions < 1)) {
    const problem = `its window [${window.size}] doesn't fit the input [${spatial}]`;
    throw new ModeletError('INVALID_INPUT', `layer '${layerName}': ${problem}; make the input larger`);
  }
  return { shape, ...axes.map((axis) => meet(axis, layerName)).reduce((taps, axis) => combine(taps, axis, layerName)) };
}

interface Axis {
  readonly n: number;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly positions: number;
  readonly before: number;
}

/** The meetings along one axis, with its lengths. */
interface Meetings extends Omit<Taps, 'shape'> {
  readonly lengths: { readonly outer: number; readonly inner: number; readonly tap: number };
}

function meet({ n, size, stride, dilation, positions, before }: Axis, layerName: string): Meetings {
  // The taps [first, end) of a position that lie on the input and not on its padding.
  const range = (position: number) => {
    const start = position * stride - before;
    return [Math.max(Math.ceil(-start / dilation), 0), Math.min(Math.ceil((n - start) / dilation), size)] as const;
  };
  let count = 0;
  for (let position = 0; position < positions; position++) {
    const [first, end] = range(position);
    count += Math.max(end - first, 0);
  }
  checkCount(count, layerName);
  const [outer, inner, tap] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  let i = 0;
  for (let position = 0; position < positions; position++) {
    const [first, end] = range(position);
    for (let own = first; own < end; own++) {
      outer[i] = position;
      inner[i] = position * stride - before + own * dilation;
      tap[i++] = own;
    }
  }
  return { outer, inner, tap, lengths: { outer: positions, inner: n, tap: size } };
}

/** Every meeting of the axes so far with each of the next one. */
function combine(first: Meetings, next: Meetings, layerName: string): Meetings {
  const count = first.tap.length * next.tap.length;
  checkCount(count, layerName);
  const pair = (key: 'outer' | 'inner' | 'tap') => {
    const pairs = new Int32Array(count);
    const [major, minor, length] = [first[key], next[key], next.lengths[key]];
    let i = 0;
    for (const index of major) for (const own of minor) pairs[i++] = index * length + own;
    return pairs;
  };
  const length = (key: 'outer' | 'inner' | 'tap') => first.lengths[key] * next.lengths[key];
  const lengths = { outer: length('outer'), inner: length('inner'), tap: length('tap') };
  return { outer: pair('outer'), inner: pair('inner'), tap: pair('tap'), lengths };
}

function checkCount(count: number, layerName: string): void {
  if (count <= mostMeetings) return;
  throw new ModeletError('INVALID_INPUT', `layer '${layerName}' slides over too much; make the model smaller`);
}

/** The window as Keras' convolutions write it. */
export function convolutionWindow(config: ConfigReader, rank: number): Window {
  const ones = Array<number>(rank).fill(1);
  return {
    size: config.sizes('kernel_size', rank),
    strides: config.sizes('strides', rank, ones),
    dilation: config.sizes('dilation_rate', rank, ones),
    padding: config.choice('padding', rank === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'], 'valid'),
  };
}

/** The window as Keras' pooling writes it; without strides the windows stand side by side. */
export function poolingWindow(config: ConfigReader, rank: number): Window {
  const size = config.sizes('pool_size', rank, Array<number>(rank).fill(2));
  return {
    size,
    strides: config.sizes('strides', rank, size),
    dilation: Array<number>(rank).fill(1),
    padding: config.choice('padding', ['valid', 'same'], 'valid'),
  };
}
