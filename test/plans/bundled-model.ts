import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, parseManifest } from '../../lib/core/manifest.js';
import { elementCount, type Tensors } from '../../lib/core/tensor.js';
import { createKernels, type Kernels } from '../../lib/kernels/kernels.js';
import { type PackingConstants, packingConstants, type Weight } from '../../lib/plans/packing-constants.js';
import type { PlanGraph } from '../../lib/plans/plan-graph.js';
import { type GraphFile, readPlanGraph } from '../../lib/plans/read-plan-graph.js';

export interface BundledModel {
  readonly manifest: Manifest;
  readonly kernels: Kernels;
  readonly graph: PlanGraph;
  readonly constants: PackingConstants;
}

type Model = GraphFile & { readonly weightsManifest: readonly { paths: string[]; weights: WeightEntry[] }[] };
interface WeightEntry {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32';
}

/** A model of models/ (float32, without quantization) in a heap of its own. */
export async function bundledModel(name: string): Promise<BundledModel> {
  const folder = join('models', name, 'versions/1');
  const manifest = parseManifest(readFileSync(join(folder, 'manifest.json')), folder);
  const file = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as Model;
  const paths = file.weightsManifest.flatMap((group) => group.paths);
  const bytes = Uint8Array.from(Buffer.concat(paths.map((path) => readFileSync(join(folder, path)))));
  let start = 0;
  const weights = file.weightsManifest
    .flatMap((group) => group.weights)
    .map(({ name, shape, dtype }): [string, Weight] => {
      const count = elementCount(shape);
      const data =
        dtype === 'int32' ? new Int32Array(bytes.buffer, start, count) : new Float32Array(bytes.buffer, start, count);
      start += data.byteLength;
      return [name, { datatype: dtype === 'int32' ? 'INT32' : 'FP32', shape, data }];
    });
  const kernels = await createKernels();
  const graph = readPlanGraph(file, manifest.signature);
  return { manifest, kernels, graph, constants: packingConstants(kernels, new Map(weights)) };
}

export const shapesOf = (inputs: Tensors): Map<string, readonly number[]> =>
  new Map([...inputs].map(([name, { shape }]) => [name, shape]));
