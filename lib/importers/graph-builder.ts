import type { Manifest } from '../core/manifest.js';
import type { Tensor } from '../core/tensor.js';
import * as attribute from './graph/attributes.js';

/** A value in the graph under construction: the node that yields it, and its shape (-1: any size). All are FP32. */
export interface GraphValue {
  readonly node: string;
  readonly shape: readonly number[];
}

export interface GraphFiles {
  /** `model.json` and its weight file. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly signature: Manifest['signature'];
}

export interface GraphBuilder {
  /** An input of the model; the graph's node has its name. */
  input(name: string, shape: readonly number[]): GraphValue;
  /** Numbers that go into the weight file. @returns the node's name */
  constant(name: string, tensor: Tensor): string;
  /** A node with one output. @returns its name */
  node(op: string, name: string, inputs: readonly string[], attributes: Record<string, attribute.Attribute>): string;
  /** The model with these outputs, in this order; each output's node gets its name. */
  finish(outputs: readonly (GraphValue & { readonly name: string })[]): GraphFiles;
}

type Specs = Manifest['signature']['inputs'];

const weightFile = 'group1-shard1of1.bin';
const dtypes = { FP32: 'float32', INT32: 'int32', BOOL: 'bool' } as const;

/** Collects the nodes of a TF.js graph model: a GraphDef in JSON beside one weight file. */
export function createGraphBuilder(): GraphBuilder {
  const inputs: Specs = [];
  const nodes: { name: string; op: string; input: string[]; attr: Record<string, attribute.Attribute> }[] = [];
  const weights: { name: string; shape: readonly number[]; dtype: string }[] = [];
  const chunks: Uint8Array[] = [];

  const node: GraphBuilder['node'] = (op, name, input, attr) => {
    nodes.push({ name, op, input: [...input], attr });
    return name;
  };

  const rename = (from: string, to: string): void => {
    for (const each of nodes) {
      if (each.name === from) each.name = to;
      each.input = each.input.map((name) => (name === from ? to : name));
    }
  };

  return {
    node,
    input: (name, shape) => {
      inputs.push({ name, datatype: 'FP32', shape: [...shape] });
      node('Placeholder', name, [], { dtype: attribute.type('FP32'), shape: attribute.shape(shape) });
      return { node: name, shape };
    },
    constant: (name, { datatype, shape, data }) => {
      weights.push({ name, shape, dtype: dtypes[datatype] });
      chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      const value = attribute.weight(datatype, shape);
      return node('Const', name, [], { dtype: attribute.type(datatype), value });
    },
    finish: (results) => {
      // TF.js' GraphModel tells outputs by their nodes' names, whatever the signature calls them.
      for (const result of results) rename(result.node, result.name);
      const outputs = results.map(({ name, shape }): Specs[number] => ({ name, datatype: 'FP32', shape: [...shape] }));
      const model = {
        format: 'graph-model',
        generatedBy: 'modelet',
        convertedBy: null,
        signature: { inputs: entries(inputs), outputs: entries(outputs) },
        modelTopology: { node: nodes, library: {}, versions: { producer: 1 } },
        weightsManifest: [{ paths: [weightFile], weights }],
      };
      const files = new Map([
        ['model.json', Buffer.from(JSON.stringify(model))],
        [weightFile, Buffer.concat(chunks)],
      ]);
      return { files, signature: { inputs, outputs } };
    },
  };
}

function entries(specs: Specs): Record<string, attribute.Attribute> {
  return Object.fromEntries(
    specs.map(({ name, datatype, shape }) => [name, attribute.signatureEntry(name, datatype, shape)]),
  );
}
