import type { Manifest } from '../../lib/core/manifest.js';
import { storeTensors } from '../../lib/core/stored-tensor.js';
import { type Datatype, makeTensor, type TensorSpec } from '../../lib/core/tensor.js';
import { type Draft, publishVersion } from '../../lib/registry/publish.js';
import type { Registry } from '../../lib/registry/registry.js';

// Models of a few nodes whose answers can be worked out on paper. None overflows, whatever numbers go in.

const types = { FP32: 'DT_FLOAT', INT32: 'DT_INT32', BOOL: 'DT_BOOL' } as const;
const weightTypes = { FP32: 'float32', INT32: 'int32', BOOL: 'bool' } as const;

interface Node {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

interface Constant {
  readonly name: string;
  readonly datatype: 'FP32' | 'INT32';
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Values by tensor name, flat. */
type Values = Readonly<Record<string, readonly number[]>>;

interface SmallModel {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly Node[];
  readonly task?: Manifest['task'];
  readonly description: string;
  /** One row. */
  readonly golden: { readonly inputs: Values; readonly outputs: Values };
}

const shapeProto = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });
const info = ({ name, datatype, shape }: TensorSpec) => [
  name,
  { name: `${name}:0`, dtype: types[datatype], tensorShape: shapeProto(shape) },
];
const float = { T: { type: 'DT_FLOAT' } };

/** y = x / 2 + 3 on a vector of scalars: TensorFlow Serving's example. */
const halfPlusThree: SmallModel = {
  description: 'half of x plus three',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
  constants: [
    { name: 'half', datatype: 'FP32', shape: [], values: [0.5] },
    { name: 'three', datatype: 'FP32', shape: [], values: [3] },
  ],
  nodes: [
    { name: 'product', op: 'Mul', input: ['x', 'half'], attr: float },
    { name: 'y', op: 'AddV2', input: ['product', 'three'], attr: float },
  ],
  golden: { inputs: { x: [1] }, outputs: { y: [3.5] } },
};

/** Two inputs, two outputs, two datatypes: sum = a + n; capped = min(n, 100). */
const pair: SmallModel = {
  description: 'two named inputs and outputs',
  inputs: [
    { name: 'a', datatype: 'FP32', shape: [-1, 2] },
    { name: 'n', datatype: 'INT32', shape: [-1, 1] },
  ],
  outputs: [
    { name: 'sum', datatype: 'FP32', shape: [-1, 2] },
    { name: 'capped', datatype: 'INT32', shape: [-1, 1] },
  ],
  constants: [{ name: 'cap', datatype: 'INT32', shape: [], values: [100] }],
  nodes: [
    { name: 'real', op: 'Cast', input: ['n'], attr: { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } } },
    { name: 'sum', op: 'AddV2', input: ['a', 'real'], attr: float },
    { name: 'capped', op: 'Minimum', input: ['n', 'cap'], attr: { T: { type: 'DT_INT32' } } },
  ],
  golden: { inputs: { a: [1, 2], n: [3] }, outputs: { sum: [4, 5], capped: [3] } },
};

/** Light or dark? Scores are the mean of four pixels, clipped to 0…1, and what is left of 1. */
const shades: SmallModel = {
  description: 'a picture → light or dark',
  inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 2, 2, 1] }],
  outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 2] }],
  constants: [
    { name: 'low', datatype: 'FP32', shape: [], values: [0] },
    { name: 'high', datatype: 'FP32', shape: [], values: [1] },
    { name: 'flat', datatype: 'INT32', shape: [2], values: [-1, 4] },
    { name: 'weights', datatype: 'FP32', shape: [4, 2], values: [1, -1, 1, -1, 1, -1, 1, -1].map((sign) => sign / 4) },
    { name: 'bias', datatype: 'FP32', shape: [2], values: [0, 1] },
  ],
  nodes: [
    { name: 'rows', op: 'Reshape', input: ['image', 'flat'], attr: float },
    { name: 'clipped', op: 'ClipByValue', input: ['rows', 'low', 'high'], attr: float },
    { name: 'product', op: 'MatMul', input: ['clipped', 'weights'], attr: float },
    { name: 'scores', op: 'AddV2', input: ['product', 'bias'], attr: float },
  ],
  task: { name: 'image-classification@1', options: { labels: ['light', 'dark'] } },
  golden: { inputs: { image: [1, 1, 1, 0] }, outputs: { scores: [0.75, 0.25] } },
};

/** Twice as high and wide, by a kernel that few models use and that TF.js has wrong: it answers floats for whole numbers. */
const enlarged: SmallModel = {
  description: 'a small grid of whole numbers → each four times',
  inputs: [{ name: 'grid', datatype: 'INT32', shape: [-1, 1, 2, 1] }],
  outputs: [{ name: 'large', datatype: 'INT32', shape: [-1, 2, 4, 1] }],
  constants: [{ name: 'size', datatype: 'INT32', shape: [2], values: [2, 4] }],
  nodes: [{ name: 'large', op: 'ResizeNearestNeighbor', input: ['grid', 'size'], attr: { T: { type: 'DT_INT32' } } }],
  golden: { inputs: { grid: [7, -3] }, outputs: { large: [7, 7, -3, -3, 7, 7, -3, -3] } },
};

const models = { 'half-plus-three': halfPlusThree, pair, shades, enlarged } as const;

/** Publishes one of them as its version 1. */
export function publishSmall(registry: Registry, name: keyof typeof models): Promise<Manifest> {
  return publishVersion(registry, draftOf(name, models[name]));
}

function draftOf(model: string, small: SmallModel): Draft {
  const { inputs, outputs, constants, nodes, golden, description } = small;
  const placeholders = inputs.map(({ name, datatype, shape }) => ({
    name,
    op: 'Placeholder',
    attr: { dtype: { type: types[datatype] }, shape: { shape: shapeProto(shape) } },
  }));
  const consts = constants.map(({ name, datatype, shape }) => ({
    name,
    op: 'Const',
    attr: {
      dtype: { type: types[datatype] },
      value: { tensor: { dtype: types[datatype], tensorShape: shapeProto(shape) } },
    },
  }));
  const json = {
    format: 'graph-model',
    modelTopology: { node: [...placeholders, ...consts, ...nodes], versions: {} },
    signature: { inputs: Object.fromEntries(inputs.map(info)), outputs: Object.fromEntries(outputs.map(info)) },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: constants.map(({ name, datatype, shape }) => ({ name, shape, dtype: weightTypes[datatype] })),
      },
    ],
  };
  const tensors = (specs: readonly TensorSpec[], values: Values) =>
    storeTensors(new Map(specs.map((spec) => [spec.name, oneRow(spec, values[spec.name] ?? [])])));
  return {
    model,
    description,
    source: { format: 'test' },
    signature: { inputs, outputs },
    task: small.task ?? { name: 'tensor@1', options: {} },
    golden: {
      by: 'arithmetic',
      tolerance: 1e-5,
      inputs: tensors(inputs, golden.inputs),
      outputs: tensors(outputs, golden.outputs),
    },
    metrics: {},
    files: new Map([
      ['model.json', Buffer.from(JSON.stringify(json))],
      ['weights.bin', Buffer.concat(constants.map(({ datatype, values }) => bytesOf(datatype, values)))],
    ]),
  };
}

function oneRow({ datatype, shape }: TensorSpec, values: readonly number[]) {
  return makeTensor(datatype, [1, ...shape.slice(1)], arrayFrom(datatype, values));
}

function arrayFrom(datatype: Datatype, values: readonly number[]) {
  if (datatype === 'FP32') return Float32Array.from(values);
  return datatype === 'INT32' ? Int32Array.from(values) : Uint8Array.from(values);
}

function bytesOf(datatype: Datatype, values: readonly number[]): Uint8Array {
  return new Uint8Array(arrayFrom(datatype, values).buffer);
}
