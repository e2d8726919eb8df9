import type { KerasLayer, KerasModel } from '../../../lib/importers/keras/keras-model.js';
import type { Source } from '../../../lib/importers/sources/source.js';

/** A source in one line, for a table of expectations: `keras-h5 2.1.3 x[-1,4] → Dense(kernel,bias) → y`. */
export function describeSource(source: Source): string {
  if (source.kind === 'keras') return `${source.format} ${describeModel(source.model)}`;
  if (source.kind === 'saved-model') return `saved-model ${[...source.files.keys()].join(' ')}`;
  const { topology, weights, signature } = source;
  return `tfjs-graph ${topology.node.length} nodes ${weights.size} weights${signature === undefined ? '' : ' signed'}`;
}

export function describeModel({ kerasVersion, inputs, calls, outputs }: KerasModel): string {
  const ins = inputs.map(({ name, datatype, shape }) => `${name}:${datatype}[${shape}]`).join(' ');
  const layers = calls.map(({ layer }) => describeLayer(layer)).join(' ');
  return `${kerasVersion} ${ins} → ${layers} → ${outputs.map(({ name }) => name).join(' ')}`;
}

function describeLayer({ className, weights, children }: KerasLayer): string {
  const inner = [...children].map(([role, child]) => `${role}=${describeLayer(child)}`);
  const parts = [...weights.keys(), ...inner];
  return parts.length === 0 ? className : `${className}(${parts.join(',')})`;
}
