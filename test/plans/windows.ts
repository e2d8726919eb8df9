import fc from 'fast-check';
import type { Tensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import { tensorOf } from './planned-graph.js';

export type Pair = readonly [y: number, x: number];
type Border = readonly [before: number, after: number];

/** A window that goes over an image, as TensorFlow's attributes say it. */
export interface Sliding {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: 'SAME' | 'VALID' | { readonly explicit: readonly [Border, Border] };
}

export const size = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });
export const pair = (max: number): fc.Arbitrary<Pair> => fc.tuple(size(max), size(max));

export const plain: Sliding = { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: 'SAME' };

/** Windows with steps, or with gaps: TF.js takes no more. */
export const anySliding = (options: {
  readonly explicit: boolean;
  readonly dilated: boolean;
}): fc.Arbitrary<Sliding> => {
  const border = fc.tuple(size(2, 0), size(2, 0));
  const explicit = fc.tuple(border, border).map((borders) => ({ explicit: borders }) as const);
  const ends = fc.constantFrom('SAME', 'VALID');
  return fc
    .record({
      kernel: pair(4),
      stride: pair(3),
      dilation: options.dilated ? fc.oneof(fc.constant<Pair>([1, 1]), pair(3)) : fc.constant<Pair>([1, 1]),
      padding: options.explicit ? fc.oneof(ends, explicit) : ends,
    })
    .map((sliding) =>
      Math.max(...sliding.dilation) > 1 ? { ...sliding, stride: [1, 1] as const } : sliding,
    ) as fc.Arbitrary<Sliding>;
};

export function attributesOf({ stride, dilation, padding }: Sliding): attribute.Attributes {
  const isNamed = typeof padding === 'string';
  return {
    strides: attribute.ints([1, ...stride, 1]),
    dilations: attribute.ints([1, ...dilation, 1]),
    padding: attribute.text(isNamed ? padding : 'EXPLICIT'),
    explicit_paddings: attribute.ints(isNamed ? [] : [0, 0, ...padding.explicit.flat(), 0, 0]),
    data_format: attribute.text('NHWC'),
  };
}

/** Rows and columns before and behind the image; TensorFlow's SAME has an output for each step. */
function borderOf({ kernel, stride, dilation, padding }: Sliding, axis: 0 | 1, length: number): Border {
  if (padding === 'VALID') return [0, 0];
  if (padding !== 'SAME') return padding.explicit[axis];
  const reach = (kernel[axis] - 1) * dilation[axis] + 1;
  const missing = Math.max(0, (Math.ceil(length / stride[axis]) - 1) * stride[axis] + reach - length);
  return [Math.floor(missing / 2), Math.ceil(missing / 2)];
}

/**
 * A convolution by its definition, in float64.
 * @param kernel [height, width, channels, columns], or with `apart` [height, width, channels, multiplier]
 */
export function convolved(image: Tensor, kernel: Tensor, sliding: Sliding, apart = false): Tensor {
  const [images, height, width, channels] = image.shape as [number, number, number, number];
  const last = kernel.shape[3] as number;
  const columns = apart ? channels * last : last;
  const [[top, bottom], [left, right]] = [borderOf(sliding, 0, height), borderOf(sliding, 1, width)];
  const count = (axis: 0 | 1, length: number): number =>
    Math.floor((length - (sliding.kernel[axis] - 1) * sliding.dilation[axis] - 1) / sliding.stride[axis]) + 1;
  const shape = [images, count(0, height + top + bottom), count(1, width + left + right), columns] as const;
  const out: number[] = [];
  for (let n = 0; n < images; n++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++)
        for (let column = 0; column < columns; column++) {
          let sum = 0;
          for (let i = 0; i < sliding.kernel[0]; i++)
            for (let j = 0; j < sliding.kernel[1]; j++) {
              const row = y * sliding.stride[0] + i * sliding.dilation[0] - top;
              const pixel = x * sliding.stride[1] + j * sliding.dilation[1] - left;
              if (row < 0 || row >= height || pixel < 0 || pixel >= width) continue;
              const at = ((n * height + row) * width + pixel) * channels;
              const tap = (i * sliding.kernel[1] + j) * channels;
              if (apart) {
                const channel = Math.floor(column / last);
                sum += (image.data[at + channel] as number) * (kernel.data[tap * last + column] as number);
              } else {
                for (let c = 0; c < channels; c++)
                  sum += (image.data[at + c] as number) * (kernel.data[(tap + c) * columns + column] as number);
              }
            }
          out.push(sum);
        }
  return tensorOf('FP32', shape, out);
}

/** Whether a window fits into an image of that size. */
export const fits = (sliding: Sliding, height: number, width: number): boolean =>
  ([height, width] as const).every((length, index) => {
    const axis = index as 0 | 1;
    const [before, after] = borderOf(sliding, axis, length);
    return length + before + after >= (sliding.kernel[axis] - 1) * sliding.dilation[axis] + 1;
  });
