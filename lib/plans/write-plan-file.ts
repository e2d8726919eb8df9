import { arrayOf, elementCount } from '../core/tensor.js';
import { kernelAbi } from '../kernels/abi.js';
import type { Kernels } from '../kernels/kernels.js';
import { roomOf } from './arena.js';
import type { PackingConstants, Weight } from './packing-constants.js';
import { type PlanFile, planFormat } from './plan-file.js';
import type { PlanGraph } from './plan-graph.js';

/** Where a constant takes more of the weights' bytes, a load makes it: to read it would take longer. Winograd's take fourfold. */
const mostGrowth = 1.5;

/**
 * A plan as two files, plan.json and constants.bin.
 * @param constants all that were made of a model's weights, for whatever shapes it was planned for
 * @param model sha256 of its model.json
 */
export function writePlanFile(
  graph: PlanGraph,
  { memory }: Kernels,
  constants: PackingConstants,
  weights: ReadonlyMap<string, Weight>,
  model: string,
): { readonly plan: Uint8Array; readonly constants: Uint8Array } {
  const pieces: Uint8Array[] = [];
  let end = 0;
  const put = (bytes: Uint8Array): number => {
    const at = end;
    pieces.push(bytes, new Uint8Array(roomOf(bytes.length) - bytes.length));
    end += roomOf(bytes.length);
    return at;
  };
  const bytesOf = (node: string): number => 4 * elementCount(weights.get(node)?.shape ?? []);
  const stored: Record<string, readonly [number, number]> = {};
  const sources = new Set<string>();
  for (const [key, { offset, bytes, sources: from }] of constants.packedAt) {
    const grows = bytes > mostGrowth * from.reduce((sum, node) => sum + bytesOf(node), 0);
    const isFloat = from.every((node) => weights.get(node)?.datatype === 'FP32');
    if (grows && isFloat) for (const node of from) sources.add(node);
    else stored[key] = [put(new Uint8Array(memory.buffer, constants.start + offset, bytes)), bytes];
  }
  const packed = end;
  const file: PlanFile = {
    format: planFormat,
    kernels: kernelAbi,
    model,
    // The numbers of weights are in the constants.
    graph: { ...graph, nodes: graph.nodes.map((node) => (node.op === 'Const' ? { ...node, attr: {} } : node)) },
    weights: Object.fromEntries(
      [...constants.specs].map(([node, { datatype, shape, known }]) => {
        const bytes = known && Buffer.from(arrayOf[datatype].from(known).buffer);
        return [node, { datatype, shape, known: bytes?.toString('base64') }];
      }),
    ),
    bytes: packed,
    constants: stored,
    sources: Object.fromEntries(
      [...sources].map((node) => {
        const { data } = weights.get(node) as Weight;
        return [node, put(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
      }),
    ),
  };
  return { plan: Buffer.from(JSON.stringify(file)), constants: Buffer.concat(pieces) };
}
