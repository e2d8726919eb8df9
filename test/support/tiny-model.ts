import type { Manifest } from '../../lib/core/manifest.js';
import { storeTensors } from '../../lib/core/stored-tensor.js';
import { makeTensor, type Tensors } from '../../lib/core/tensor.js';
import { type Draft, publishVersion } from '../../lib/registry/publish.js';
import type { Registry } from '../../lib/registry/registry.js';

const weights = Float32Array.of(1, -1, 0.5, 2, 0, 1); // [3, 2]
const bias = Float32Array.of(0.25, -0.25);

/** y = x · w + b for a batch of rows of 3, worked out here. */
export function tinyOutput(rows: readonly (readonly number[])[]): number[][] {
  return rows.map((row) =>
    [0, 1].map((column) =>
      row.reduce((sum, value, k) => sum + value * (weights[k * 2 + column] as number), bias[column] as number),
    ),
  );
}

const attr = (value: Record<string, unknown>) => value;
const float = attr({ type: 'DT_FLOAT' });
const shape = (...sizes: number[]) => ({ shape: { dim: sizes.map((size) => ({ size: String(size) })) } });

function constant(name: string, ...sizes: number[]) {
  return {
    name,
    op: 'Const',
    attr: { dtype: float, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: shape(...sizes).shape } } },
  };
}

/** A TF.js graph model of two nodes: input x [any, 3], output y [any, 2]. */
export function tinyModelJson(ops: readonly unknown[] = [], output = 'y'): Record<string, unknown> {
  const flag = { b: false };
  return {
    format: 'graph-model',
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: float, shape: shape(-1, 3) } },
        constant('w', 3, 2),
        constant('b', 2),
        { name: 'product', op: 'MatMul', input: ['x', 'w'], attr: { T: float, transpose_a: flag, transpose_b: flag } },
        { name: 'y', op: 'AddV2', input: ['product', 'b'], attr: { T: float } },
        ...ops,
      ],
      versions: {},
    },
    signature: {
      inputs: { x: { name: 'x:0', dtype: 'DT_FLOAT', tensorShape: shape(-1, 3).shape } },
      outputs: { y: { name: `${output}:0`, dtype: 'DT_FLOAT', tensorShape: shape(-1, 2).shape } },
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: [
          { name: 'w', shape: [3, 2], dtype: 'float32' },
          { name: 'b', shape: [2], dtype: 'float32' },
        ],
      },
    ],
  };
}

export function tinyDraft(model: string, overrides: Partial<Draft> = {}): Draft {
  const rows = [
    [1, 2, 3],
    [-1, 0.5, 0],
  ];
  const inputs: Tensors = new Map([['x', makeTensor('FP32', [2, 3], Float32Array.from(rows.flat()))]]);
  const outputs: Tensors = new Map([['y', makeTensor('FP32', [2, 2], Float32Array.from(tinyOutput(rows).flat()))]]);
  return {
    model,
    source: { format: 'test' },
    signature: {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    },
    task: { name: 'tensor@1', options: {} },
    golden: { by: 'arithmetic', tolerance: 1e-5, inputs: storeTensors(inputs), outputs: storeTensors(outputs) },
    metrics: {},
    files: new Map([
      ['model.json', Buffer.from(JSON.stringify(tinyModelJson()))],
      ['weights.bin', Buffer.from(Float32Array.of(...weights, ...bias).buffer)],
    ]),
    ...overrides,
  };
}

export function publishTiny(registry: Registry, model = 'tiny', overrides: Partial<Draft> = {}): Promise<Manifest> {
  return publishVersion(registry, tinyDraft(model, overrides));
}

/** A version whose output is `scale` times its input (by default its own number), so that an answer tells who computed it. */
export async function publishScaled(registry: Registry, scale?: number, model = 'tiny'): Promise<Manifest> {
  return publishFactor(registry, model, scale ?? (await registry.versions(model)).length + 1);
}

function publishFactor(registry: Registry, model: string, scale: number): Promise<Manifest> {
  const node = [
    { name: 'x', op: 'Placeholder', attr: { dtype: float, shape: shape(-1, 3) } },
    constant('w', 3, 3),
    {
      name: 'y',
      op: 'MatMul',
      input: ['x', 'w'],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: false } },
    },
  ];
  const weightsManifest = [{ paths: ['weights.bin'], weights: [{ name: 'w', shape: [3, 3], dtype: 'float32' }] }];
  const row = makeTensor('FP32', [1, 3], Float32Array.of(1, -2, 0.5));
  const scaled = makeTensor('FP32', [1, 3], Float32Array.of(scale, -2 * scale, 0.5 * scale));
  const spec = (name: string) => ({ name, datatype: 'FP32' as const, shape: [-1, 3] });
  return publishTiny(registry, model, {
    signature: { inputs: [spec('x')], outputs: [spec('y')] },
    golden: {
      by: 'arithmetic',
      tolerance: 1e-5,
      inputs: storeTensors(new Map([['x', row]])),
      outputs: storeTensors(new Map([['y', scaled]])),
    },
    files: new Map([
      [
        'model.json',
        Buffer.from(JSON.stringify({ format: 'graph-model', modelTopology: { node, versions: {} }, weightsManifest })),
      ],
      ['weights.bin', Buffer.from(Float32Array.of(scale, 0, 0, 0, scale, 0, 0, 0, scale).buffer)],
    ]),
  });
}
