/** Which input cells an output cell is made of: cell `start + i` counts with `weights[i]`. */
export interface Blend {
  readonly start: number;
  readonly weights: readonly number[];
}

export const interpolations = [
  'nearest',
  'bilinear',
  'bicubic',
  'area',
  'lanczos3',
  'lanczos5',
  'gaussian',
  'mitchellcubic',
] as const;

export type Interpolation = (typeof interpolations)[number];

/**
 * How tf.image.resize makes `to` cells out of `from` cells along one axis (each of its methods works along one axis after the
 * other). The middle of cell x lies at x + ½, so output cell x lies over s = (x + ½) · from / to.
 */
export function resizeWeights(method: Interpolation, from: number, to: number, antialias: boolean): Blend[] {
  const blend = chooseBlend(method, from, to, antialias);
  return Array.from({ length: to }, (_, x) => blend(x));
}

function chooseBlend(method: Interpolation, from: number, to: number, antialias: boolean): (x: number) => Blend {
  if (method === 'nearest') return (x) => nearest(x, from, to);
  if (method === 'area') return (x) => area(x, from, to);
  if (method === 'bilinear' && !antialias) return (x) => linear(x, from, to);
  if (method === 'bicubic' && !antialias) return (x) => cubic(x, from, to);
  return (x) => sampled(x, from, to, kernels[method], antialias);
}

/** The cell under s, computed in float32 as TensorFlow does, because s may lie on a border. */
function nearest(x: number, from: number, to: number): Blend {
  const s = Math.fround(Math.fround(x + 0.5) * Math.fround(from / to));
  return { start: Math.min(Math.floor(s), from - 1), weights: [1] };
}

/** The two cells whose middles enclose s, each by its nearness; at the ends the outermost cell alone. */
function linear(x: number, from: number, to: number): Blend {
  const middle = Math.min(Math.max(((x + 0.5) * from) / to - 0.5, 0), from - 1);
  const start = Math.min(Math.floor(middle), Math.max(from - 2, 0));
  return from === 1 ? { start: 0, weights: [1] } : { start, weights: [1 - (middle - start), middle - start] };
}

/**
 * Keys' cubic (a = -½) of the four cells around s, taken from a table of 1,024 steps a cell, as TensorFlow's ResizeBicubic has
 * it. Cells outside the input don't count; the others are scaled to the sum 1.
 */
function cubic(x: number, from: number, to: number): Blend {
  const middle = Math.fround(Math.fround(Math.fround(x + 0.5) * Math.fround(from / to)) - 0.5);
  const first = Math.floor(middle) - 1;
  const step = roundHalfToEven(Math.fround(middle - Math.floor(middle)) * 1024) / 1024;
  const cells = [0, 1, 2, 3].map((i) => ({ cell: first + i, weight: keysCubic(Math.abs(i - 1 - step)) }));
  return normalized(cells.filter(({ cell }) => cell >= 0 && cell < from));
}

/** The cells between x · from / to and (x + 1) · from / to, each by how much of it lies there. */
function area(x: number, from: number, to: number): Blend {
  const [begin, end] = [(x * from) / to, ((x + 1) * from) / to];
  const start = Math.floor(begin);
  const count = Math.max(Math.ceil(end), start + 1) - start;
  const covered = Array.from({ length: count }, (_, i) => Math.min(end, start + i + 1) - Math.max(begin, start + i));
  return { start, weights: covered.map((length) => length / (end - begin)) };
}

/**
 * TensorFlow's ScaleAndTranslate: all cells within the kernel's radius of s by the kernel at their distance, scaled to the sum 1;
 * with `antialias` the kernel is widened by the factor of a reduction.
 */
function sampled(x: number, from: number, to: number, kernel: Kernel, antialias: boolean): Blend {
  const width = antialias ? Math.max(from / to, 1) : 1;
  const s = ((x + 0.5) * from) / to;
  const inside = (cell: number) => Math.min(Math.max(cell, 0), from - 1);
  const first = inside(Math.ceil(s - kernel.radius * width - 0.5));
  const last = inside(Math.floor(s + kernel.radius * width - 0.5));
  const cells = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return normalized(cells.map((cell) => ({ cell, weight: kernel.at(Math.abs(cell + 0.5 - s) / width) })));
}

interface Kernel {
  readonly radius: number;
  /** Its value at a distance from 0 up, 0 beyond the radius. */
  at(distance: number): number;
}

const kernels: Record<Exclude<Interpolation, 'nearest' | 'area'>, Kernel> = {
  bilinear: { radius: 1, at: (d) => Math.max(1 - d, 0) },
  bicubic: { radius: 2, at: keysCubic },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: 1.5, at: (d) => (d >= 1.5 ? 0 : Math.exp(-(d ** 2) / (2 * 0.5 ** 2))) },
  mitchellcubic: { radius: 2, at: mitchellCubic },
};

/** Keys, 1981, with a = -½. */
function keysCubic(d: number): number {
  if (d >= 2) return 0;
  return d >= 1 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : (1.5 * d - 2.5) * d * d + 1;
}

/** Mitchell and Netravali, 1988, with B = C = ⅓. */
function mitchellCubic(d: number): number {
  if (d >= 2) return 0;
  return d >= 1 ? ((-7 / 18) * d + 2) * d * d - (10 / 3) * d + 16 / 9 : ((7 / 6) * d - 2) * d * d + 8 / 9;
}

/** sinc(d) · sinc(d / radius). */
function lanczos(radius: number): Kernel {
  const at = (d: number) => {
    if (d > radius) return 0;
    return d <= 1e-3 ? 1 : (radius * Math.sin(Math.PI * d) * Math.sin((Math.PI * d) / radius)) / (Math.PI * d) ** 2;
  };
  return { radius, at };
}

function normalized(cells: readonly { cell: number; weight: number }[]): Blend {
  const sum = cells.reduce((total, { weight }) => total + weight, 0);
  return { start: cells[0]?.cell ?? 0, weights: cells.map(({ weight }) => weight / sum) };
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
