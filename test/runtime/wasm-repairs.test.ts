import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { repairedKernels } from '../../lib/runtime/wasm-repairs/repair-kernels.js';
import { load } from './engine.contract.js';

beforeAll(async () => {
  const { model } = await load('wasm');
  model.dispose();
  await openEngine('wasm', { plans: false });
});

type Inputs = Readonly<Record<string, tf.Tensor>> | readonly tf.Tensor[];

/** A kernel's results on wasm. */
function run(
  kernel: string,
  inputs: Inputs,
  attrs: object = {},
): { dtype: string; shape: number[]; values: number[] }[] {
  return tf.tidy(() =>
    [tf.engine().runKernel(kernel, inputs as tf.NamedTensorMap, attrs as tf.NamedAttrMap) as tf.Tensor]
      .flat()
      .map((out) => ({
        dtype: out.dtype,
        shape: out.shape,
        values: [...out.dataSync()],
      })),
  );
}
const values = (kernel: string, inputs: Inputs, attrs?: object) => run(kernel, inputs, attrs)[0]?.values;
const ints = (...numbers: number[]) => tf.tensor1d(numbers, 'int32');
const floats = (...numbers: number[]) => tf.tensor1d(numbers, 'float32');
const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];

test('every kernel that is to be repaired is one that TF.js has', () => {
  const known = tf.getKernelsForBackend('wasm').map(({ kernelName }) => kernelName);
  expect(repairedKernels.filter((kernel) => !known.includes(kernel))).toEqual([]);
});

describe('Cast on wasm', () => {
  test('to bool: what is not 0 is true', () => {
    const cast = (x: tf.Tensor) => values('Cast', { x }, { dtype: 'bool' });
    expect(cast(floats(0, -0, 0.5, 1, 1.7, 2, 256, -0.3, nan, infinity))).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(cast(ints(0, 1, 256, -1))).toEqual([0, 1, 1, 1]);
  });
  test('to int32: towards 0, and refused where INT32 has no room', () => {
    const cast = (...x: number[]) => values('Cast', { x: floats(...x) }, { dtype: 'int32' });
    expect(cast(1.9, -1.9, 0.5, -(2 ** 31))).toEqual([1, -1, 0, -(2 ** 31)]);
    for (const x of [2 ** 31, -3e9, nan, infinity]) expect(() => cast(x)).toThrow(/^Cast: INT32 has no room for/);
  });
});

describe('whole numbers on wasm', () => {
  test('are divided exactly, with the remainder of the divisor’s sign', () => {
    const [a, b] = [ints(2 ** 31 - 1, 2 ** 24 + 1, -7, 7, -7), ints(1, 1, 2, -2, -2)];
    expect(values('FloorDiv', { a, b })).toEqual([2 ** 31 - 1, 2 ** 24 + 1, -4, -4, 3]);
    expect(values('Mod', { a, b })).toEqual([0, 0, 1, -1, -1]);
    expect(values('Mod', { a: floats(-2.5, 2.5, -2.5, -1e-10), b: floats(1, -1, 1e30, 1) })).toEqual([
      0.5,
      -0.5,
      Math.fround(1e30),
      1,
    ]);
  });
  test('a division by 0 is refused', () => {
    for (const kernel of ['FloorDiv', 'Mod']) {
      expect(() => run(kernel, { a: ints(1), b: ints(0) })).toThrow(/divided by 0/);
    }
  });
  test('powers are exact and wrap, as sums and products do', () => {
    const pow = (a: number[], b: number[]) => values('Pow', { a: ints(...a), b: ints(...b) });
    expect(pow([7, 3, -2, 5, 7], [9, 19, 31, 0, 65536])).toEqual([40353607, 1162261467, -(2 ** 31), 1, 634912769]);
    expect(() => pow([2], [-1])).toThrow(/negative power/);
    expect(values('Prod', { x: ints(2 ** 30, 2, 3) }, { axis: [0], keepDims: false })).toEqual([-(2 ** 31)]);
    expect(values('Sum', { x: ints(2 ** 31 - 1, 1) }, { axis: [0], keepDims: false })).toEqual([-(2 ** 31)]);
  });
  test('are clipped as what they are', () => {
    expect(values('ClipByValue', { x: ints(-5, 0, 5) }, { clipValueMin: -1, clipValueMax: 2 })).toEqual([-1, 0, 2]);
  });
  test('keep their type through slices with steps, also where axes are dropped', () => {
    const x = tf.tensor(
      Int32Array.from({ length: 24 }, (_, index) => index),
      [2, 3, 4],
      'int32',
    );
    const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 2 };
    const slice = { begin: [0, 1, 3], end: [2, 2, -5], strides: [1, 1, -2], ...masks };
    expect(run('StridedSlice', { x }, slice)).toEqual([{ dtype: 'int32', shape: [2, 2], values: [7, 5, 19, 17] }]);
    const images = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1], 'int32');
    const [resized] = run(
      'ResizeNearestNeighbor',
      { images },
      { size: [1, 2], alignCorners: false, halfPixelCenters: false },
    );
    expect(resized).toEqual({ dtype: 'int32', shape: [1, 1, 2, 1], values: [1, 2] });
  });
});

test('a sign is one however small the number', () => {
  expect(values('Sign', { x: floats(1e-9, -1e-30, 0, -3) })).toEqual([1, -1, 0, -1]);
});

test('one-hot rows are of the type asked for', () => {
  const oneHot = (dtype: string) =>
    run('OneHot', { indices: ints(1, -1, 2) }, { depth: 2, onValue: 1, offValue: 0, dtype })[0];
  for (const dtype of ['float32', 'int32', 'bool']) {
    expect(oneHot(dtype)).toEqual({ dtype, shape: [3, 2], values: [0, 1, 0, 0, 0, 0] });
  }
});

test('bools are reversed and selected byte by byte', () => {
  const bools = (...numbers: number[]) => tf.tensor1d(numbers, 'bool');
  expect(values('Reverse', { x: bools(1, 1, 0, 0, 0) }, { dims: [0] })).toEqual([0, 0, 0, 1, 1]);
  const [t, e] = [bools(1, 1, 1, 1, 1), bools(0, 0, 0, 0, 0)];
  expect(values('Select', { condition: bools(1, 0, 0, 1, 1), t, e })).toEqual([1, 0, 0, 1, 1]);
});

describe('indices that lead out of a tensor are refused on wasm', () => {
  const x6 = () => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  const rows = (...indices: number[]) => tf.tensor2d(indices, [indices.length, 1], 'int32');
  const crop = { cropSize: [1, 1], method: 'bilinear', extrapolationValue: 0 };
  test.each([3, 1e6, -1])('%i', (index) => {
    const [x, updates] = [x6(), tf.tensor2d([1, 2], [1, 2])];
    const [image, boxes] = [tf.zeros([1, 2, 2, 1]), tf.tensor2d([0, 0, 1, 1], [1, 4])];
    const attempts: [string, Inputs, object?][] = [
      ['GatherV2', { x, indices: ints(0, index) }, { axis: 0, batchDims: 0 }],
      ['GatherV2', { x, indices: rows(0, 1, index) }, { axis: 1, batchDims: 1 }],
      ['GatherNd', { params: x, indices: rows(0, index) }],
      ['ScatterNd', { indices: rows(index), updates }, { shape: [3, 2] }],
      ['TensorScatterUpdate', { tensor: x, indices: rows(index), updates }],
      ['CropAndResize', { image, boxes, boxInd: ints(index) }, crop],
      [
        'SparseToDense',
        { sparseIndices: rows(index), sparseValues: floats(1), defaultValue: tf.scalar(0) },
        { outputShape: [3] },
      ],
    ];
    for (const [kernel, inputs, attrs] of attempts)
      expect(() => run(kernel, inputs, attrs)).toThrow(/^an index is not/);
  });
  test('a slice, and a negative number to count', () => {
    expect(() => run('Slice', { x: x6() }, { begin: [0, 1], size: [3, 2] })).toThrow(/overflow/);
    expect(() => run('Bincount', { x: ints(1, -1), weights: floats() }, { size: 2 })).toThrow(/index/);
  });
});

test('a gather in batches takes each row from its own batch', () => {
  const x = tf.tensor(
    Float32Array.from({ length: 12 }, (_, index) => index),
    [2, 3, 2],
  );
  const indices = tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32');
  expect(run('GatherV2', { x, indices }, { axis: 1, batchDims: 1 })).toEqual([
    { dtype: 'float32', shape: [2, 2, 2], values: [4, 5, 0, 1, 8, 9, 8, 9] },
  ]);
});

describe('the largest of negative numbers is negative on wasm', () => {
  const pool = { filterSize: 2, strides: 2, pad: 'valid' };
  test('MaxPoolWithArgmax, MaxPool3D, Dilation2D', () => {
    const x = tf.tensor4d([-4, -3, -2, -1], [1, 2, 2, 1]);
    const [largest, place] = run('MaxPoolWithArgmax', { x }, { ...pool, includeBatchInIndex: false });
    expect([largest?.values, place?.values]).toEqual([[-1], [3]]);
    const x5 = tf.tensor5d([-4, -3, -2, -1, -8, -7, -6, -5], [1, 2, 2, 2, 1]);
    expect(values('MaxPool3D', { x: x5 }, { ...pool, dataFormat: 'NDHWC' })).toEqual([-1]);
    const filter = tf.tensor3d([-1, -1, -1, -9], [2, 2, 1]);
    expect(values('Dilation2D', { x, filter }, { strides: 1, pad: 'valid', dilations: 1 })).toEqual([-3]);
  });
});

describe('NaN inside a network on wasm', () => {
  const made = () => floats(1, nan, 9, ...Array<number>(40).fill(-1));
  test('stays NaN through clamps', () => {
    const x = made();
    const clip = { clipValueMin: 0, clipValueMax: 2 };
    const found = [
      values('Relu', { x }),
      values('Relu6', { x }),
      values('ClipByValue', { x }, clip),
      values('Maximum', { a: x, b: floats(0) }),
      values('Minimum', { a: floats(0), b: x }),
    ];
    for (const numbers of found) expect(numbers?.slice(0, 2)).toEqual([expect.any(Number), nan]);
    expect(values('Relu6', { x: floats(1, 9, -1) })).toEqual([1, 6, 0]);
  });
  test.each([nan, infinity, -2e19])('%f is refused where XNNPACK would clamp it, wherever it stands', (bad) => {
    for (const place of [0, 5, 63, 71]) {
      const numbers = new Float32Array(72).fill(0.5);
      numbers[place] = bad;
      const image = tf.tensor4d(numbers, [1, 8, 9, 1]);
      const filter = tf.ones([1, 1, 1, 1]);
      const window = { strides: 1, pad: 'valid', dataFormat: 'NHWC', dilations: 1, activation: 'relu' };
      const matrix = tf.tensor3d(numbers, [1, 8, 9]);
      const attempts: [string, Inputs, object][] = [
        ['Conv2D', { x: image, filter }, window],
        ['FusedConv2D', { x: image, filter }, window],
        ['DepthwiseConv2dNative', { x: image, filter }, window],
        ['FusedDepthwiseConv2D', { x: image, filter }, window],
        ['AvgPool', { x: image }, { filterSize: 2, strides: 1, pad: 'valid' }],
        [
          '_FusedMatMul',
          { a: matrix, b: tf.ones([1, 9, 1]) },
          { transposeA: false, transposeB: false, activation: 'relu' },
        ],
      ];
      for (const [kernel, inputs, attrs] of attempts)
        expect(() => run(kernel, inputs, attrs)).toThrow(/inside the network/);
    }
  });
  test('has no place in an order', () => {
    const x = made();
    for (const kernel of ['ArgMax', 'ArgMin'])
      expect(() => run(kernel, { x }, { axis: 0 })).toThrow(/inside the network/);
    expect(() => run('TopK', { x }, { k: 1, sorted: true })).toThrow(/inside the network/);
    const pool = (...numbers: number[]) =>
      values('MaxPool', { x: tf.tensor4d(numbers, [1, 1, 4, 1]) }, { filterSize: [1, 2], strides: 1, pad: 'valid' });
    expect(() => pool(1, nan, 2, 3)).toThrow(/inside the network/);
    expect(pool(-infinity, -3, -infinity, -infinity)).toEqual([-3, -3, -infinity]);
  });
});

test('kernels of floats take nothing else: they would read past its end', () => {
  for (const kernel of ['Sqrt', 'Tanh', 'Sigmoid', 'Floor']) {
    expect(() => run(kernel, { x: tf.tensor1d([1, 0], 'bool') })).toThrow(/takes float32/);
    expect(() => run(kernel, { x: ints(1, 2) })).toThrow(/takes float32/);
  }
});

describe('tensors without elements on wasm', () => {
  let noRows: tf.Tensor;
  let noSteps: tf.Tensor;
  beforeAll(() => {
    [noRows, noSteps] = [tf.zeros([0, 3, 4]), tf.zeros([2, 0, 4])];
  });
  // What is freed lies in the heap where a result goes next.
  const leaveNumbers = () => tf.tidy(() => void Array.from({ length: 40 }, () => tf.fill([8], 77)));
  const reduce = (kernel: string, x: tf.Tensor, keepDims = false) => {
    leaveNumbers();
    return run(kernel, { x }, { axis: [1], reductionIndices: [1], keepDims })[0];
  };

  test.each(['Sum', 'Mean', 'Max', 'Min', 'Prod'])('%s of no rows is no rows, and does not trap', (kernel) => {
    expect(reduce(kernel, noRows)?.shape).toEqual([0, 4]);
    expect(reduce(kernel, noRows, true)?.shape).toEqual([0, 1, 4]);
  });
  test('are moved and summed up as what they are', () => {
    expect(run('Transpose', { x: noRows }, { perm: [2, 0, 1] })[0]?.shape).toEqual([4, 0, 3]);
    expect(run('Cumsum', { x: noRows }, { axis: 1, exclusive: false, reverse: false })[0]?.shape).toEqual([0, 3, 4]);
    expect(reduce('Sum', noSteps)?.values).toEqual(Array(8).fill(0));
    expect(reduce('Prod', noSteps)?.values).toEqual(Array(8).fill(1));
    expect(reduce('All', tf.cast(noSteps, 'bool'))?.values).toEqual(Array(8).fill(1));
    expect(reduce('Any', tf.cast(noSteps, 'bool'))?.values).toEqual(Array(8).fill(0));
  });
  test('nothing is made up from them', () => {
    for (const kernel of ['Max', 'Min', 'Mean']) expect(() => reduce(kernel, noSteps)).toThrow(/no elements/);
    for (const kernel of ['ArgMax', 'ArgMin']) {
      expect(() => run(kernel, { x: noSteps }, { axis: 1 })).toThrow(/no elements/);
      expect(run(kernel, { x: noRows }, { axis: 1 })[0]).toEqual({ dtype: 'int32', shape: [0, 4], values: [] });
    }
    expect(() => run('TopK', { x: tf.zeros([2, 0]) }, { k: 1, sorted: true })).toThrow(/no elements/);
    const product = { a: tf.zeros([1, 2, 0]), b: tf.zeros([1, 0, 3]) };
    const plain = { transposeA: false, transposeB: false, activation: 'linear' };
    expect(() => run('_FusedMatMul', product, plain)).toThrow(/no elements/);
    const image = tf.zeros([1, 0, 4, 2]);
    const resize = { size: [2, 2], alignCorners: false, halfPixelCenters: false };
    expect(() => run('ResizeBilinear', { images: image }, resize)).toThrow(/no elements/);
    const pad = [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ];
    expect(() => run('MaxPool', { x: image }, { filterSize: 1, strides: 1, pad })).toThrow(/no elements/);
  });
});

test('a kernel that refuses leaves nothing in the heap', () => {
  const before = tf.memory().numDataBuffers;
  const x = floats(2 ** 31);
  for (let count = 0; count < 10; count++) expect(() => run('Cast', { x }, { dtype: 'int32' })).toThrow(/no room/);
  x.dispose();
  expect((tf.backend() as unknown as { numDataIds(): number }).numDataIds()).toBe(before);
});
