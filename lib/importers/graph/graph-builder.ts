import type { Datatype, Tensor, TensorSpec } from '../../core/tensor.js';
import * as attribute from './attributes.js';
import { type Graph, type GraphNode, prune } from './graph.js';

/** A value in the graph under construction. */
export interface GraphValue {
  /** The node that yields it: `name`, or `name:1` for a further output. */
  readonly node: string;
  readonly datatype: Datatype;
  /** With the batch axis; -1 where a size is known only at a request. */
  readonly shape: readonly number[];
  /** Keras' mask, BOOL [batch, time]: false where a step doesn't count. */
  readonly mask?: GraphValue | undefined;
}

/** What a node yields: one value for each. */
export type Yields = readonly Pick<GraphValue, 'datatype' | 'shape'>[];

export interface GraphBuilder {
  /** An input of the model; its node has its name. */
  input(spec: TensorSpec): GraphValue;
  /** Numbers that go into the weight file, once for each tensor however often it is used. `name` within the scope. */
  constant(tensor: Tensor, name: string): GraphValue;
  /** A node named after the scope and its op. `T` is filled in from the first input. */
  node(op: string, inputs: readonly GraphValue[], attributes: attribute.Attributes, yields: Yields[number]): GraphValue;
  /** The same for a node with several outputs. */
  nodes(op: string, inputs: readonly GraphValue[], attributes: attribute.Attributes, yields: Yields): GraphValue[];
  /** Names of nodes made in `emit` start with this, a layer's name. */
  inScope<Result>(name: string, emit: () => Result): Result;
  /** The model with these outputs, in this order; nodes that none of them needs are dropped. */
  finish(outputs: readonly { readonly name: string; readonly value: GraphValue }[]): Graph;
}

/** Collects the nodes of a graph model. */
export function createGraphBuilder(): GraphBuilder {
  const inputs: TensorSpec[] = [];
  const made: GraphNode[] = [];
  const names = new Set<string>();
  const constants = new Map<string, Tensor>();
  const constantOf = new Map<Tensor, GraphValue>();
  const scopes: string[] = [];

  const unique = (wanted: string): string => {
    const path = [...scopes, wanted].map(safeName).join('/');
    let name = path;
    for (let count = 1; names.has(name); count++) name = `${path}_${count}`;
    names.add(name);
    return name;
  };
  const nodes: GraphBuilder['nodes'] = (op, from, attributes, yields) => {
    const name = unique(op);
    const [first] = from;
    const attr = first === undefined ? attributes : { T: attribute.type(first.datatype), ...attributes };
    made.push({ name, op, inputs: from.map(({ node }) => node), attr });
    return yields.map(({ datatype, shape }, output) => ({
      node: output === 0 ? name : `${name}:${output}`,
      datatype,
      shape,
    }));
  };

  return {
    nodes,
    node: (op, from, attributes, yields) => nodes(op, from, attributes, [yields])[0] as GraphValue,
    input: ({ name, datatype, shape }) => {
      names.add(name);
      inputs.push({ name, datatype, shape });
      const attr = { dtype: attribute.type(datatype), shape: attribute.shape(shape) };
      made.push({ name, op: 'Placeholder', inputs: [], attr });
      return { node: name, datatype, shape };
    },
    constant: (tensor, wanted) => {
      const known = constantOf.get(tensor);
      if (known !== undefined) return known;
      const { datatype, shape } = tensor;
      const name = unique(wanted);
      const attr = { dtype: attribute.type(datatype), value: attribute.weight(datatype, shape) };
      made.push({ name, op: 'Const', inputs: [], attr });
      constants.set(name, tensor);
      const value = { node: name, datatype, shape };
      constantOf.set(tensor, value);
      return value;
    },
    inScope: (name, emit) => {
      scopes.push(name);
      try {
        return emit();
      } finally {
        scopes.pop();
      }
    },
    finish: (outputs) => {
      // An output's node has the output's name: TF.js' GraphModel knows no other.
      for (const { name, value } of outputs) {
        // An input that is an output too has its name already.
        if (value.node === name) continue;
        made.push({ name, op: 'Identity', inputs: [value.node], attr: { T: attribute.type(value.datatype) } });
      }
      const specs = outputs.map(({ name, value: { datatype, shape } }) => ({ name, datatype, shape }));
      return prune({ signature: { inputs, outputs: specs }, nodes: made, constants });
    },
  };
}

/** TF.js takes `:` for an output's number and `^` for control; Keras allows any character in a layer's name. */
function safeName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.\-/]/g, '_');
}
