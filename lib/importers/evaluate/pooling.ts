import { ModeletError } from '../../core/errors.js';
import { elementCount, formatShape } from '../../core/tensor.js';
import { type NdArray, ndArray, zeros } from './array.js';
import { channelsLast } from './channels-last.js';
import type { EvaluateCall, LayerFunction } from './evaluate.js';
import { firstInput } from './first-input.js';
import { maskOf } from './masking.js';
import { readConfig } from './read-config.js';
import { poolingWindow, slideWindow, type Taps } from './window.js';

/** Pooling over windows, over everything, and over as many windows as the output shall have. */
export const pooling: Record<string, LayerFunction> = Object.fromEntries(
  [1, 2, 3].flatMap((rank) => [
    [`MaxPooling${rank}D`, windowed(rank, largest)],
    [`AveragePooling${rank}D`, windowed(rank, mean)],
    [`GlobalMaxPooling${rank}D`, global(rank, largest)],
    [`GlobalAveragePooling${rank}D`, global(rank, mean)],
    [`AdaptiveMaxPooling${rank}D`, adaptive(rank, largest)],
    [`AdaptiveAveragePooling${rank}D`, adaptive(rank, mean)],
  ]),
);

type Pool = (x: NdArray, taps: Meetings) => NdArray;
type Meetings = Pick<Taps, 'shape' | 'outer' | 'inner'>;

/** The largest of a window's cells. */
function largest(x: NdArray, taps: Meetings): NdArray {
  return pool(x, taps, -Infinity, Math.max);
}

/** The mean of a window's cells; those on padding don't count, as in TensorFlow. */
function mean(x: NdArray, taps: Meetings): NdArray {
  const sums = pool(x, taps, 0, (a, b) => a + b);
  const counts = new Int32Array(elementCount(taps.shape));
  for (const position of taps.outer) counts[position] = (counts[position] ?? 0) + 1;
  const channels = x.shape.at(-1) ?? 1;
  const data = sums.data.map((sum, i) => sum / (counts[Math.floor(i / channels) % counts.length] ?? 0));
  return ndArray(sums.shape, data);
}

/** Combines, for each example and channel, the cells that meet each position. */
function pool(x: NdArray, taps: Meetings, start: number, combine: (a: number, b: number) => number): NdArray {
  const channels = x.shape.at(-1) ?? 1;
  const shape = [x.shape[0] ?? 1, ...taps.shape, channels];
  const target = zeros(shape).fill(start);
  const [inSize, outSize] = [elementCount(x.shape.slice(1)), elementCount(shape.slice(1))];
  for (let example = 0; example < (x.shape[0] ?? 1); example++) {
    for (let i = 0; i < taps.outer.length; i++) {
      const from = example * inSize + (taps.inner[i] as number) * channels;
      const to = example * outSize + (taps.outer[i] as number) * channels;
      for (let c = 0; c < channels; c++) {
        target[to + c] = combine(target[to + c] as number, x.data[from + c] as number);
      }
    }
  }
  return ndArray(shape, target);
}

function windowed(rank: number, combine: Pool): LayerFunction {
  return (call) => {
    const config = readConfig(call.layer);
    const window = poolingWindow(config, rank);
    return [
      channelsLast(firstInput(call, rank + 2), config, (x) =>
        combine(x, slideWindow(x.shape.slice(1, -1), window, call.layer.name)),
      ),
    ];
  };
}

/** One window over all of the input; its axes stay, with size 1, where `keepdims` says so. */
function global(rank: number, combine: Pool): LayerFunction {
  return (call) => {
    const config = readConfig(call.layer);
    const keep = config.flag('keepdims', false);
    const x = firstInput(call, rank + 2);
    const counted = rank === 1 && combine === mean ? maskOf(call) : undefined;
    return [
      channelsLast(x, config, (x) => {
        const cells = elementCount(x.shape.slice(1, -1));
        const inner = Int32Array.from({ length: cells }, (_, i) => i);
        const everything = { shape: Array<number>(rank).fill(1), outer: new Int32Array(cells), inner };
        const pooled = counted === undefined ? combine(x, everything) : maskedMean(call, x, counted);
        const [batch = 1, channels = 1] = [x.shape[0], x.shape.at(-1)];
        return keep ? pooled : ndArray([batch, channels], pooled.data);
      }),
    ];
  };
}

/** The mean of the steps that the mask counts, x being [batch, steps, channels]; NaN where it counts none, as in Keras. */
function maskedMean(call: EvaluateCall, x: NdArray, mask: NdArray): NdArray {
  const [batch = 1, steps = 1, channels = 1] = x.shape;
  if (mask.shape.join() !== `${batch},${steps}`) {
    const problem = `a mask ${formatShape(mask.shape)} doesn't fit ${formatShape(x.shape)}`;
    throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}': ${problem}; correct the mask`);
  }
  const means = ndArray([batch, 1, channels]);
  for (let example = 0; example < batch; example++) {
    const counted = [...Array(steps).keys()]
      .map((step) => example * steps + step)
      .filter((row) => mask.data[row] !== 0);
    for (let channel = 0; channel < channels; channel++) {
      const sum = counted.reduce((total, row) => total + (x.data[row * channels + channel] ?? 0), 0);
      means.data[example * channels + channel] = sum / counted.length;
    }
  }
  return means;
}

/** Window i of `output_size` windows on an axis of n reaches from ⌊i · n / output⌋ to ⌈(i + 1) · n / output⌉. */
function adaptive(rank: number, combine: Pool): LayerFunction {
  return (call) => {
    const config = readConfig(call.layer);
    const sizes = config.sizes('output_size', rank);
    return [
      channelsLast(firstInput(call, rank + 2), config, (x) => {
        // Refuses what is too large before looping over it.
        zeros([x.shape[0] ?? 1, ...sizes, x.shape.at(-1) ?? 1]);
        const outer: number[] = [];
        const inner: number[] = [];
        const visit = (axis: number, position: number, cell: number): void => {
          const [n = 1, size = 1] = [x.shape[axis + 1], sizes[axis]];
          if (axis === rank) {
            outer.push(position);
            inner.push(cell);
            return;
          }
          for (let i = 0; i < size; i++) {
            const end = Math.ceil(((i + 1) * n) / size);
            for (let at = Math.floor((i * n) / size); at < end; at++)
              visit(axis + 1, position * size + i, cell * n + at);
          }
        };
        visit(0, 0, 0);
        return combine(x, { shape: sizes, outer: Int32Array.from(outer), inner: Int32Array.from(inner) });
      }),
    ];
  };
}
