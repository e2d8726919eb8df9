import type { TensorSpec } from '../../core/tensor.js';
import * as attribute from './attributes.js';
import type { Graph } from './graph.js';
import { type Quantization, type StoredWeight, storeWeight } from './quantize.js';

/** Large weights are cut into files of about this many bytes: Node.js reads no file over 2 GiB in one piece. */
const shardBytes = 512 * 1024 * 1024;

/**
 * The files of a TF.js graph model: `model.json` and weights in the order of the graph's nodes.
 * @param quantization how kernels are stored; without it as they are
 */
export function writeModelJson(graph: Graph, quantization?: Quantization): Map<string, Uint8Array> {
  const weights = [...graph.constants].map(([name, tensor]) => storeWeight(name, tensor, quantization));
  const shards = cut(weights);
  const paths = shards.map((_, index) => `group1-shard${index + 1}of${shards.length}.bin`);
  const model = {
    format: 'graph-model',
    generatedBy: 'modelet',
    convertedBy: null,
    signature: { inputs: entries(graph.signature.inputs), outputs: entries(graph.signature.outputs) },
    modelTopology: topologyOf(graph),
    weightsManifest: [{ paths, weights: weights.map(({ spec }) => spec) }],
  };
  return new Map<string, Uint8Array>([
    ['model.json', Buffer.from(JSON.stringify(model))],
    ...shards.map((chunks, index) => [paths[index] as string, Buffer.concat(chunks)] as const),
  ]);
}

/** The graph as TF.js reads it: a GraphDef in protobuf's JSON form. */
export function topologyOf({ nodes, library }: Graph): object {
  return {
    node: nodes.map(({ name, op, inputs, attr }) => ({ name, op, input: inputs, attr })),
    library: library ?? {},
    versions: { producer: 1 },
  };
}

function entries(specs: readonly TensorSpec[]): Record<string, attribute.Attribute> {
  return Object.fromEntries(
    specs.map(({ name, datatype, shape }) => [name, attribute.signatureEntry(name, datatype, shape)]),
  );
}

/** Whole weights to each shard, as long as they fit; at least one shard. */
function cut(weights: readonly StoredWeight[]): Uint8Array[][] {
  const shards: Uint8Array[][] = [[]];
  let size = 0;
  for (const { bytes } of weights) {
    if (size > 0 && size + bytes.length > shardBytes) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)?.push(bytes);
    size += bytes.length;
  }
  return shards;
}
