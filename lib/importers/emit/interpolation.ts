import { makeTensor, type Tensor } from '../../core/tensor.js';

/** Sums and lengths below this are not divided by: TensorFlow's 1000 times the least float32. */
const least = 1000 * 2 ** -126;

/** A kernel of `ScaleAndTranslate`: what a pixel at a distance counts, up to a radius. */
interface Kernel {
  readonly radius: number;
  readonly at: (distance: number) => number;
}

const lanczos = (radius: number): Kernel => ({
  radius,
  at: (x) => {
    if (x > radius) return 0;
    if (x <= 1e-3) return 1;
    return (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x);
  },
});

/** By the names that Keras gives them; `bilinear` and `bicubic` only with antialiasing. */
const kernels: Readonly<Record<string, Kernel>> = {
  bilinear: { radius: 1, at: (x) => Math.max(0, 1 - x) },
  bicubic: {
    radius: 2,
    at: (x) => {
      if (x >= 2) return 0;
      return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1;
    },
  },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: 1.5, at: (x) => (x >= 1.5 ? 0 : Math.exp(-(x * x) / (2 * 0.5 * 0.5))) },
  mitchellcubic: {
    radius: 2,
    at: (x) => {
      if (x >= 2) return 0;
      if (x >= 1) return (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9;
      return ((7 / 6) * x - 2) * x * x + 8 / 9;
    },
  },
};

/** All that are linear in the pixels with weights that only the sizes tell. */
export const linearInterpolations: ReadonlySet<string> = new Set([...Object.keys(kernels), 'area']);

/**
 * How much each of `from` pixels in a row counts for each of `to`, as `tf.image.resize` computes it along one axis.
 * @param method one of `linearInterpolations`
 * @returns FP32 [from, to]
 */
export function interpolationWeights(method: string, antialias: boolean, from: number, to: number): Tensor {
  const columns = Array.from({ length: to }, (_, place) => {
    if (method === 'area') return areaColumn(place, from, to);
    if (method === 'bicubic' && !antialias) return cubicColumn(place, from, to);
    return kernelColumn(kernels[method] as Kernel, antialias, place, from, to);
  });
  const data = Float32Array.from({ length: from * to }, (_, index) => {
    const column = columns[index % to] as ReadonlyMap<number, number>;
    return column.get(Math.floor(index / to)) ?? 0;
  });
  return makeTensor('FP32', [from, to], data);
}

/** `ScaleAndTranslate`: a kernel around the pixel's centre, wider where antialiasing makes an image smaller, within the image. */
function kernelColumn(
  { radius, at }: Kernel,
  antialias: boolean,
  place: number,
  from: number,
  to: number,
): ReadonlyMap<number, number> {
  const scale = from / to;
  const width = antialias ? Math.max(scale, 1) : 1;
  const centre = (place + 0.5) * scale;
  const clamp = (index: number) => Math.min(from - 1, Math.max(0, index));
  const first = clamp(Math.ceil(centre - radius * width - 0.5));
  const last = clamp(Math.floor(centre + radius * width - 0.5));
  const column = new Map<number, number>();
  for (let source = first; source <= last; source++) {
    column.set(source, at(Math.abs(source + 0.5 - centre) / width));
  }
  return normalised(column);
}

/** `ResizeArea`: each source pixel by how much of it the target pixel covers. */
function areaColumn(place: number, from: number, to: number): ReadonlyMap<number, number> {
  const scale = from / to;
  const [begin, end] = [place * scale, (place + 1) * scale];
  const column = new Map<number, number>();
  for (let source = Math.floor(begin); source < Math.min(from, Math.ceil(end)); source++) {
    column.set(source, (Math.min(source + 1, end) - Math.max(source, begin)) / scale);
  }
  return column;
}

/** TensorFlow rounds the place between two pixels to 1/1024 for its table of cubic weights (Keys, a = -0.5). */
const steps = 1024;

/** `ResizeBicubic`: four pixels around, of which those outside the image don't count. */
function cubicColumn(place: number, from: number, to: number): ReadonlyMap<number, number> {
  const scale = Math.fround(from / to);
  const at = Math.fround(Math.fround(Math.fround(place + 0.5) * scale) - 0.5);
  const left = Math.floor(at);
  const offset = roundToEven((at - left) * steps) / steps;
  const column = new Map<number, number>();
  for (const step of [-1, 0, 1, 2]) {
    const source = left + step;
    if (source >= 0 && source < from) column.set(source, kernels.bicubic?.at(Math.abs(step - offset)) ?? 0);
  }
  return normalised(column);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function normalised(column: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const sum = [...column.values()].reduce((total, weight) => total + weight, 0);
  if (Math.abs(sum) < least) return column;
  return new Map([...column].map(([source, weight]) => [source, weight / sum]));
}
