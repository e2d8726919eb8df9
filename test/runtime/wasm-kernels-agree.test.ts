import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { load } from './engine.contract.js';

// Every kernel that graph models reach on wasm, held against TF.js' cpu kernels: random shapes, and values from the edges of
// float32 and int32. Where the cpu kernels are the ones that are wrong (products over 2⁵³ of whole numbers, ties of TopK, whole
// FloorDiv's type), test/runtime/wasm-repairs.test.ts says what is right.

beforeAll(async () => {
  for (const backend of ['cpu', 'wasm']) (await load(backend)).model.dispose();
});

type Dtype = 'float32' | 'int32' | 'bool';
interface Value {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Case {
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, Value>> | readonly Value[];
  readonly attrs?: object;
}

function run(
  backend: string,
  { kernel, inputs, attrs = {} }: Case,
): { dtype: string; shape: number[]; data: number[] }[] {
  if (tf.getBackend() !== backend) void tf.setBackend(backend);
  return tf.tidy(() => {
    const made = Object.entries(inputs).map(([name, { data, shape, dtype }]) => [
      name,
      tf.tensor(data as number[], shape as number[], dtype),
    ]);
    const given = Array.isArray(inputs) ? made.map(([, value]) => value) : Object.fromEntries(made);
    const outputs = [tf.engine().runKernel(kernel, given as tf.NamedTensorMap, attrs as tf.NamedAttrMap)].flat();
    return (outputs as tf.Tensor[]).map(({ dtype, shape }, index) => ({
      dtype,
      shape,
      data: [...((outputs as tf.Tensor[])[index]?.dataSync() ?? [])],
    }));
  });
}

function agree(sample: Case): void {
  const [wasm, cpu] = [run('wasm', sample), run('cpu', sample)];
  expect(wasm.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(cpu.map(({ dtype, shape }) => ({ dtype, shape })));
  wasm.forEach(({ data }, output) => {
    data.forEach((value, index) => {
      const expected = cpu[output]?.data[index] as number;
      if (Object.is(value, expected) || value === expected) return;
      if (!(Math.abs(value - expected) <= 1e-5 * Math.max(1, Math.abs(expected)))) {
        throw new Error(
          `${sample.kernel}: wasm ${value}, cpu ${expected} at ${output}[${index}] of ${JSON.stringify(sample)}`,
        );
      }
    });
  });
}

const edges = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -1.5, 1e-20, 1e18, -1e18, 88, -88];
const float = fc.oneof(fc.constantFrom(...edges), fc.float({ min: -3, max: 3, noNaN: true, noDefaultInfinity: true }));
const elements: Record<Dtype, fc.Arbitrary<number>> = {
  // No denormals: wasm takes them for 0.
  float32: float.map((value) => (Math.abs(value) < 1e-30 ? 0 : Math.fround(value))),
  int32: fc.integer({ min: -40, max: 40 }),
  bool: fc.integer({ min: 0, max: 1 }),
};
const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const filled = (shape: readonly number[], dtype: Dtype = 'float32', element = elements[dtype]): fc.Arbitrary<Value> => {
  const count = shape.reduce((product, size) => product * size, 1);
  return fc.array(element, { minLength: count, maxLength: count }).map((data) => ({ dtype, shape, data }));
};
const anyType = fc.constantFrom<Dtype>('float32', 'int32', 'bool');
const tensorOf = (dtypes: fc.Arbitrary<Dtype> = fc.constant<Dtype>('float32')): fc.Arbitrary<Value> =>
  fc.tuple(sizes, dtypes).chain(([shape, dtype]) => filled(shape, dtype));
const axisOf = ({ shape }: Value) => fc.integer({ min: 0, max: shape.length - 1 });
const axesOf = ({ shape }: Value) => fc.subarray(shape.map((_, axis) => axis));
const below = (size: number) => fc.integer({ min: 0, max: size - 1 });

const check = (arbitrary: fc.Arbitrary<Case>, numRuns = 10): void => {
  fc.assert(fc.property(arbitrary, agree), { numRuns, seed: 1, endOnFailure: true });
};

describe('elementwise', () => {
  const positive = (kernel: string) => /^(Log|Sqrt|Rsqrt|Acosh)$/.test(kernel);
  const unary =
    'Abs Acosh Asinh Atan Ceil Cos Elu Erf Floor IsFinite IsInf IsNan LeakyRelu Log Log1p Neg OnesLike Reciprocal Relu Relu6 ' +
    'Round Rsqrt Selu Sigmoid Sign Sin Softplus Sqrt Square Tan Tanh ZerosLike Identity Step Exp Expm1 Acos Asin Atanh Cosh Sinh';
  test.each(unary.split(' '))('%s', (kernel) => {
    // Where the result fits FP32, and its slope does not blow one rounding up.
    const narrow = /^(Exp|Expm1|Cosh|Sinh|Tan|Sin|Cos|Log1p)$/.test(kernel);
    const unit = /^(Acos|Asin|Atanh|Log1p)$/.test(kernel);
    const fit = (value: number) =>
      unit ? Math.tanh(value) * 0.99 : narrow ? Math.atan(value) * 6 : positive(kernel) ? Math.abs(value) + 1 : value;
    const x = sizes.chain((shape) =>
      filled(
        shape,
        'float32',
        elements.float32.map((value) => Math.fround(fit(value))),
      ),
    );
    check(x.map((x) => ({ kernel, inputs: { x }, attrs: { alpha: 0.2 } })));
  });

  const pair = (dtype: Dtype) =>
    sizes.chain((shape) =>
      fc
        .tuple(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), below(shape.length + 1))
        .chain(([ones, dropped]) => {
          const stretch = (shift: number) => shape.map((size, axis) => (ones[axis + shift] === true ? 1 : size));
          return fc.record({ a: filled(stretch(0), dtype), b: filled(stretch(4).slice(dropped), dtype) });
        }),
    );
  const nonZero = ({ a, b }: { a: Value; b: Value }) => ({ a, b: { ...b, data: b.data.map((value) => value || 3) } });
  test.each([
    'Add',
    'Sub',
    'Multiply',
    'Maximum',
    'Minimum',
    'SquaredDifference',
    'Equal',
    'NotEqual',
    'Greater',
    'GreaterEqual',
    'Less',
    'LessEqual',
  ])('%s, stretched, of both types', (kernel) => {
    for (const dtype of ['float32', 'int32'] as const) check(pair(dtype).map((inputs) => ({ kernel, inputs })));
  });
  test('RealDiv, Atan2, Mod, FloorDiv, LogicalAnd, LogicalOr, Prelu', () => {
    check(pair('float32').map((inputs) => ({ kernel: 'RealDiv', inputs: nonZero(inputs) })));
    check(pair('float32').map((inputs) => ({ kernel: 'Atan2', inputs })));
    for (const kernel of ['Mod', 'FloorDiv'])
      check(pair('int32').map((inputs) => ({ kernel, inputs: nonZero(inputs) })));
    for (const kernel of ['LogicalAnd', 'LogicalOr']) check(pair('bool').map((inputs) => ({ kernel, inputs })));
    check(
      sizes
        .chain((shape) => fc.record({ x: filled(shape), alpha: filled(shape.slice(-1)) }))
        .map((inputs) => ({ kernel: 'Prelu', inputs })),
    );
  });
  test('ClipByValue, and Cast between all types', () => {
    const clip = { clipValueMin: -1, clipValueMax: 2 };
    check(
      tensorOf(fc.constantFrom('float32', 'int32')).map((x) => ({ kernel: 'ClipByValue', inputs: { x }, attrs: clip })),
    );
    const small = (x: Value) => ({ ...x, data: x.data.map((value) => (Math.abs(value) > 1e9 ? 7.5 : value)) });
    check(
      fc
        .tuple(tensorOf(anyType), anyType)
        .map(([x, dtype]) => ({ kernel: 'Cast', inputs: { x: small(x) }, attrs: { dtype } })),
      60,
    );
  });
});

test.each(['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any'])('%s over any axes', (kernel) => {
  const dtypes = /^(All|Any)$/.test(kernel) ? fc.constant<Dtype>('bool') : fc.constantFrom<Dtype>('float32', 'int32');
  const small = kernel === 'Prod' || kernel === 'Sum' || kernel === 'Mean';
  const sample = tensorOf(dtypes).chain((x) =>
    fc.tuple(axesOf(x), fc.boolean()).map(([axis, keepDims]) => {
      const data = small ? x.data.map((value) => Math.sign(value) * Math.min(Math.abs(value), 2)) : x.data;
      return { kernel, inputs: { x: { ...x, data } }, attrs: { axis, reductionIndices: axis, keepDims } };
    }),
  );
  check(sample, 20);
});

test.each(['ArgMax', 'ArgMin', 'Cumsum', 'Cumprod'])('%s along any axis', (kernel) => {
  const sample = tensorOf(fc.constantFrom<Dtype>('float32', 'int32')).chain((x) =>
    fc.tuple(axisOf(x), fc.boolean(), fc.boolean()).map(([axis, exclusive, reverse]) => {
      const data = kernel.startsWith('Cum')
        ? x.data.map((value) => Math.sign(value) * Math.min(Math.abs(value), 2))
        : x.data;
      return { kernel, inputs: { x: { ...x, data } }, attrs: { axis, exclusive, reverse } };
    }),
  );
  check(sample, 20);
});

describe('moving elements of any type', () => {
  const moved = (kernel: string, attrsOf: (x: Value) => fc.Arbitrary<object>, name = 'x') =>
    check(
      tensorOf(anyType).chain((x) => attrsOf(x).map((attrs) => ({ kernel, inputs: { [name]: x }, attrs }))),
      20,
    );
  const each = <T>({ shape }: Value, make: (size: number) => fc.Arbitrary<T>) => fc.tuple(...shape.map(make));

  test('Transpose, Reverse, Tile, PadV2, MirrorPad', () => {
    moved('Transpose', (x) =>
      fc
        .shuffledSubarray(
          x.shape.map((_, axis) => axis),
          { minLength: x.shape.length },
        )
        .map((perm) => ({ perm })),
    );
    moved('Reverse', (x) => axesOf(x).map((dims) => ({ dims })));
    moved('Tile', (x) => each(x, () => fc.integer({ min: 1, max: 3 })).map((reps) => ({ reps })));
    moved('PadV2', (x) =>
      each(x, () => fc.tuple(below(3), below(3))).map((paddings) => ({ paddings, constantValue: 1 })),
    );
    for (const mode of ['reflect', 'symmetric'])
      moved('MirrorPad', (x) =>
        each(x, (size) => fc.tuple(below(size), below(size))).map((paddings) => ({ paddings, mode })),
      );
  });
  test('Slice and StridedSlice', () => {
    const span = (size: number) =>
      fc.tuple(below(size), below(size)).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);
    moved('Slice', (x) =>
      each(x, span).map((spans) => ({ begin: spans.map(([a]) => a), size: spans.map(([a, b]) => b - a) })),
    );
    const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
    moved('StridedSlice', (x) =>
      fc
        .tuple(each(x, span), fc.array(fc.constantFrom(1, 2), { minLength: 8, maxLength: 8 }))
        .map(([spans, steps]) => ({
          ...masks,
          begin: spans.map(([a]) => a),
          end: spans.map(([, b]) => b),
          strides: spans.map((_, axis) => steps[axis]),
        })),
    );
  });
  test('Unpack, ExpandDims, SplitV, OneHot, Fill', () => {
    moved('Unpack', (x) => axisOf(x).map((axis) => ({ axis })), 'value');
    moved('ExpandDims', (x) => below(x.shape.length + 1).map((dim) => ({ dim })), 'input');
    moved('SplitV', (x) => axisOf(x).map((axis) => ({ axis, numOrSizeSplits: [1, (x.shape[axis] as number) - 1] })));
    const indices = tensorOf(fc.constant('int32'));
    check(
      fc.tuple(indices, anyType, fc.integer({ min: 1, max: 5 })).map(([indices, dtype, depth]) => ({
        kernel: 'OneHot',
        inputs: { indices },
        attrs: { depth, dtype, onValue: 1, offValue: 0 },
      })),
    );
    check(
      fc
        .tuple(sizes, anyType)
        .map(([shape, dtype]) => ({ kernel: 'Fill', inputs: {}, attrs: { shape, value: 1, dtype } })),
    );
  });
  test('Concat, Pack, Select', () => {
    const many = fc
      .tuple(sizes, anyType)
      .chain(([shape, dtype]) =>
        fc.tuple(fc.array(filled(shape, dtype), { minLength: 1, maxLength: 3 }), below(shape.length)),
      );
    for (const kernel of ['Concat', 'Pack'])
      check(
        many.map(([inputs, axis]) => ({ kernel, inputs, attrs: { axis } })),
        40,
      );
    const chosen = fc
      .tuple(sizes, anyType)
      .chain(([shape, dtype]) =>
        fc.record({ condition: filled(shape, 'bool'), t: filled(shape, dtype), e: filled(shape, dtype) }),
      );
    check(
      chosen.map((inputs) => ({ kernel: 'Select', inputs })),
      20,
    );
  });
  test('GatherV2, GatherNd, ScatterNd, TensorScatterUpdate', () => {
    const gathered = tensorOf(anyType).chain((x) =>
      axisOf(x).chain((axis) =>
        filled([2, 3], 'int32', below(x.shape[axis] as number)).map((indices) => ({
          kernel: 'GatherV2',
          inputs: { x, indices },
          attrs: { axis, batchDims: 0 },
        })),
      ),
    );
    check(gathered, 20);
    const rows = tensorOf(fc.constantFrom('float32', 'int32')).chain((params) =>
      fc
        .tuple(fc.uniqueArray(below(params.shape[0] as number), { minLength: 1 }), fc.constant(params))
        .chain(([places, params]) => {
          const indices: Value = { dtype: 'int32', shape: [places.length, 1], data: places };
          return filled([places.length, ...params.shape.slice(1)], params.dtype).map((updates) => ({
            params,
            indices,
            updates,
          }));
        }),
    );
    check(rows.map(({ params, indices }) => ({ kernel: 'GatherNd', inputs: { params, indices } })));
    check(
      rows.map(({ params, indices, updates }) => ({
        kernel: 'ScatterNd',
        inputs: { indices, updates },
        attrs: { shape: params.shape },
      })),
    );
    check(
      rows.map(({ params, indices, updates }) => ({
        kernel: 'TensorScatterUpdate',
        inputs: { tensor: params, indices, updates },
      })),
    );
  });
});

describe('windows and products', () => {
  const small = fc.float({ min: -3, max: 3, noNaN: true }).map((value) => (Math.abs(value) < 1e-30 ? 0 : value));
  const image = (channels: number, rank = 4) =>
    filled(rank === 4 ? [2, 5, 4, channels] : [1, 3, 4, 3, channels], 'float32', small);
  const settings = fc.record({
    strides: fc.constantFrom([1, 1], [2, 2]),
    pad: fc.constantFrom('same', 'valid'),
    filterSize: fc.constantFrom([1, 2], [2, 2], [3, 3]),
  });
  const more = { dataFormat: 'NHWC', dilations: [1, 1] };

  test('Conv2D, its fused form with each activation, and depthwise', () => {
    const sample = fc.tuple(image(3), settings).chain(([x, { filterSize, ...window }]) =>
      fc.record({
        x: fc.constant(x),
        filter: filled([...filterSize, 3, 2], 'float32', small),
        depthwise: filled([...filterSize, 3, 2], 'float32', small),
        bias: filled([2], 'float32', small),
        bias6: filled([6], 'float32', small),
        window: fc.constant({ ...window, ...more }),
        activation: fc.constantFrom('linear', 'relu', 'relu6', 'sigmoid', 'elu', 'leakyrelu'),
      }),
    );
    check(sample.map(({ x, filter, window }) => ({ kernel: 'Conv2D', inputs: { x, filter }, attrs: window })));
    check(
      sample.map(({ x, depthwise, window }) => ({
        kernel: 'DepthwiseConv2dNative',
        inputs: { x, filter: depthwise },
        attrs: window,
      })),
    );
    const fused = (window: object, activation: string) => ({ ...window, activation, leakyreluAlpha: 0.2 });
    check(
      sample.map(({ x, filter, bias, window, activation }) => ({
        kernel: 'FusedConv2D',
        inputs: { x, filter, bias },
        attrs: fused(window, activation),
      })),
      20,
    );
    check(
      sample.map(({ x, depthwise, bias6, window, activation }) => ({
        kernel: 'FusedDepthwiseConv2D',
        inputs: { x, filter: depthwise, bias: bias6 },
        attrs: fused(window, activation),
      })),
      20,
    );
  });
  test('pooling in two and three dimensions, and dilation', () => {
    for (const kernel of ['MaxPool', 'AvgPool', 'MaxPoolWithArgmax'])
      check(
        fc
          .tuple(image(2), settings)
          .map(([x, attrs]) => ({ kernel, inputs: { x }, attrs: { ...attrs, includeBatchInIndex: false } })),
      );
    const cube = { filterSize: [2, 2, 2], strides: [1, 2, 1], dataFormat: 'NDHWC' };
    for (const kernel of ['MaxPool3D', 'AvgPool3D'])
      check(
        fc.tuple(image(2, 5), settings).map(([x, { pad }]) => ({ kernel, inputs: { x }, attrs: { ...cube, pad } })),
      );
    check(
      fc.tuple(image(2), filled([2, 2, 2], 'float32', small), settings).map(([x, filter, { pad }]) => ({
        kernel: 'Dilation2D',
        inputs: { x, filter },
        attrs: { strides: [1, 1], pad, dilations: [1, 1] },
      })),
    );
  });
  test('BatchMatMul and _FusedMatMul, transposed or not, with biases of any shape', () => {
    const product = fc
      .record({
        batch: fc.constantFrom(1, 2),
        m: fc.integer({ min: 1, max: 4 }),
        k: fc.integer({ min: 1, max: 4 }),
        n: fc.integer({ min: 1, max: 4 }),
        transposeA: fc.boolean(),
        transposeB: fc.boolean(),
      })
      .chain(({ batch, m, k, n, transposeA, transposeB }) =>
        fc.record({
          a: filled(transposeA ? [batch, k, m] : [batch, m, k], 'float32', small),
          b: filled(transposeB ? [batch, n, k] : [batch, k, n], 'float32', small),
          bias: fc.constantFrom([n], [1, n], [1], [batch, m, n], []).chain((shape) => filled(shape, 'float32', small)),
          attrs: fc
            .constantFrom('linear', 'relu', 'relu6', 'sigmoid', 'elu', 'leakyrelu')
            .map((activation) => ({ transposeA, transposeB, activation, leakyreluAlpha: 0.2 })),
        }),
      );
    check(
      product.map(({ a, b, attrs }) => ({ kernel: 'BatchMatMul', inputs: { a, b }, attrs })),
      20,
    );
    check(
      product.map(({ a, b, bias, attrs }) => ({ kernel: '_FusedMatMul', inputs: { a, b, bias }, attrs })),
      80,
    );
  });
  test('resizing, normalization, Softmax, LRN, blocks', () => {
    const size = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }));
    const modes = fc.constantFrom(
      { alignCorners: true, halfPixelCenters: false },
      { alignCorners: false, halfPixelCenters: true },
    );
    for (const kernel of ['ResizeBilinear', 'ResizeNearestNeighbor'])
      check(
        fc
          .tuple(image(2), size, modes)
          .map(([images, size, mode]) => ({ kernel, inputs: { images }, attrs: { size, ...mode } })),
      );
    const channel = filled([2], 'float32', small);
    const positive = filled([2], 'float32', fc.float({ min: Math.fround(0.1), max: 3, noNaN: true }));
    check(
      fc.record({ x: image(2), mean: channel, variance: positive, offset: channel, scale: channel }).map((inputs) => ({
        kernel: 'FusedBatchNorm',
        inputs,
        attrs: { varianceEpsilon: 1e-3 },
      })),
    );
    check(image(3).map((logits) => ({ kernel: 'Softmax', inputs: { logits }, attrs: { dim: 3 } })));
    check(
      image(3).map((x) => ({
        kernel: 'LRN',
        inputs: { x },
        attrs: { depthRadius: 1, bias: 1, alpha: 0.5, beta: 0.75 },
      })),
    );
    check(
      image(4).map((x) => ({ kernel: 'DepthToSpace', inputs: { x }, attrs: { blockSize: 2, dataFormat: 'NHWC' } })),
    );
    check(
      image(4).map((x) => ({
        kernel: 'SpaceToBatchND',
        inputs: { x },
        attrs: {
          blockShape: [1, 2],
          paddings: [
            [0, 0],
            [1, 1],
          ],
        },
      })),
    );
    check(
      image(4).map((x) => ({
        kernel: 'BatchToSpaceND',
        inputs: { x },
        attrs: {
          blockShape: [1, 2],
          crops: [
            [0, 0],
            [1, 0],
          ],
        },
      })),
    );
  });
});
