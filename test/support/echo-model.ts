import type { Manifest } from '../../lib/core/manifest.js';
import { storeTensors } from '../../lib/core/stored-tensor.js';
import { allocate, elementCount, makeTensor, type TensorSpec } from '../../lib/core/tensor.js';
import { publishVersion } from '../../lib/registry/publish.js';
import type { Registry } from '../../lib/registry/registry.js';

const types = { FP32: 'DT_FLOAT', INT32: 'DT_INT32', BOOL: 'DT_BOOL' } as const;

/** A TF.js graph model whose outputs are its inputs, named `<input>-out`: what a protocol did to a tensor can be seen. */
export function publishEcho(registry: Registry, model: string, inputs: readonly TensorSpec[]): Promise<Manifest> {
  const outputs = inputs.map((input) => ({ ...input, name: `${input.name}-out` }));
  const shapeOf = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });
  const entry = ({ name, datatype, shape }: TensorSpec) => [
    name,
    { name: `${name}:0`, dtype: types[datatype], tensorShape: shapeOf(shape) },
  ];
  const node = inputs.flatMap(({ name, datatype, shape }) => [
    { name, op: 'Placeholder', attr: { dtype: { type: types[datatype] }, shape: { shape: shapeOf(shape) } } },
    { name: `${name}-out`, op: 'Identity', input: [name], attr: { T: { type: types[datatype] } } },
  ]);
  const json = {
    format: 'graph-model',
    modelTopology: { node, versions: {} },
    signature: { inputs: Object.fromEntries(inputs.map(entry)), outputs: Object.fromEntries(outputs.map(entry)) },
    weightsManifest: [],
  };
  const zeros = (specs: readonly TensorSpec[]) =>
    storeTensors(
      new Map(
        specs.map(({ name, datatype, shape }) => {
          const one = shape.map(Math.abs);
          return [name, makeTensor(datatype, one, allocate(datatype, elementCount(one)))];
        }),
      ),
    );
  return publishVersion(registry, {
    model,
    source: { format: 'test' },
    signature: { inputs: [...inputs], outputs } as Manifest['signature'],
    task: { name: 'tensor@1', options: {} },
    golden: { by: 'arithmetic', tolerance: 1e-5, inputs: zeros(inputs), outputs: zeros(outputs) },
    metrics: {},
    files: new Map([['model.json', Buffer.from(JSON.stringify(json))]]),
  });
}
