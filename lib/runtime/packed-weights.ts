import { elementCount } from '../core/tensor.js';
import type { Graph } from './model-artifacts.js';
import type { WeightBytes } from './tfjs-backend.js';

/** A node of model.json's topology: a GraphDef in protobuf's JSON form. */
interface TopologyNode {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:output` or `^node`. */
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, { readonly b?: boolean } | undefined>>;
}

const products = new Set(['MatMul', '_FusedMatMul']);

/** Bytes from which on it is worth telling a weight's uses apart. */
const smallest = 2 ** 20;

/**
 * The large weights of dense layers that need not stay once they were used: wasm's product of matrices packs a copy at its first
 * call, and reads only that from then on. So nothing else may read the weight, and the product has to be the same each time: not
 * transposed, its bias a constant too.
 * @returns their names
 */
export function packedWeights({ artifacts, weightSpecs }: Graph, outputs: readonly string[]): ReadonlySet<string> {
  const nodes = (artifacts.modelTopology as { readonly node?: readonly TopologyNode[] }).node ?? [];
  const constants = new Set(nodes.filter(({ op }) => op === 'Const').map(({ name }) => name));
  const kept = new Set(outputs.map(nodeOf));
  const uses = new Map<string, { readonly node: TopologyNode; readonly index: number }[]>();
  for (const node of nodes) {
    for (const [index, input] of (node.input ?? []).entries()) {
      const name = nodeOf(input);
      uses.set(name, [...(uses.get(name) ?? []), { node, index }]);
    }
  }
  const givesWay = (name: string): boolean => {
    const [use, ...others] = uses.get(name) ?? [];
    if (use === undefined || others.length > 0 || kept.has(name)) return false;
    const { op, input = [], attr = {} } = use.node;
    const bias = input[2];
    const isPlain = attr.transpose_a?.b !== true && attr.transpose_b?.b !== true;
    return products.has(op) && use.index === 1 && isPlain && (bias === undefined || constants.has(nodeOf(bias)));
  };
  const large = weightSpecs.filter(
    ({ dtype, shape }) => dtype === 'float32' && shape.length === 2 && 4 * elementCount(shape) >= smallest,
  );
  return new Set(large.map(({ name }) => name).filter((name) => constants.has(name) && givesWay(name)));
}

/** @param packed names of those that give way */
export function neededBytes({ weightSpecs }: Graph, packed: ReadonlySet<string>): WeightBytes {
  const bytesOf = ({ dtype, shape }: Graph['weightSpecs'][number]) => (dtype === 'bool' ? 1 : 4) * elementCount(shape);
  const [inPlace, others] = [true, false].map((gives) =>
    weightSpecs.filter(({ name }) => packed.has(name) === gives).map(bytesOf),
  ) as [number[], number[]];
  const sum = (values: readonly number[]) => values.reduce((total, bytes) => total + bytes, 0);
  return { packed: sum(inPlace), largest: Math.max(0, ...inPlace), other: sum(others) };
}

const nodeOf = (input: string): string => input.replace(/^\^/, '').split(':', 1)[0] as string;
