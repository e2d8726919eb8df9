import { type Manifest, modelFiles } from '../core/manifest.js';
import { elementCount } from '../core/tensor.js';
import type { VersionFiles } from '../core/version-files.js';
import { CannotPlan } from '../plans/cannot-plan.js';
import { type PackingConstants, packingConstants, type Weight } from '../plans/packing-constants.js';
import type { PlanGraph } from '../plans/plan-graph.js';
import { type PlanSource, planSource } from '../plans/plan-source.js';
import { checkOps } from '../plans/planner.js';
import { readPlanGraph } from '../plans/read-plan-graph.js';
import { createHeaps, type Heaps } from './heaps.js';
import { type Graph, readGraph } from './model-artifacts.js';
import { weightArray } from './weight-array.js';
import { allocateWeights } from './weights.js';

/** Of the 4 GiB that 32-bit pointers reach, what one model's weights may take; the rest is left to activations. */
export const weightLimit = 3584 * 2 ** 20;

/** Batches that are planned while all weights are at hand: what large ones need beside the constants of small ones. */
const batches = [64, 1];

/** A model that is planned from its graph and weights, in a heap of its own. */
export interface FreshPlan extends PlanSource {
  readonly graph: PlanGraph;
  readonly constants: PackingConstants;
  readonly weights: ReadonlyMap<string, Weight>;
}

/**
 * Reads a version's graph and weights, and plans the shapes of its golden input.
 * @param admit told how many bytes of memory the weights need, before they are read
 * @throws CannotPlan where TF.js has to run it, HeapFull, MODEL_CORRUPT
 */
export async function planFresh(
  manifest: Manifest,
  files: VersionFiles,
  admit: (bytes: number) => void = () => undefined,
  heaps: Heaps = createHeaps(),
): Promise<FreshPlan> {
  const file = await readGraph(manifest, files);
  const graph = readPlanGraph(file.artifacts, manifest.signature);
  checkOps(graph);
  const bytes = file.weightSpecs.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
  if (bytes > weightLimit) throw new CannotPlan('its weights are more than 32-bit pointers reach');
  // As they come, and packed.
  admit(2 * bytes);
  const weights = await readWeights(manifest, files, file);
  const kernels = await heaps.take(bytes);
  try {
    const constants = packingConstants(kernels, weights);
    const source = planSource(kernels, graph, manifest.signature, constants);
    for (const batch of batches) planAhead(source.planOf, manifest, batch);
    return { ...source, graph, constants, weights };
  } catch (error) {
    heaps.give(kernels);
    throw error;
  }
}

/** Weights in memory of JavaScript's, by node. */
async function readWeights(manifest: Manifest, files: VersionFiles, graph: Graph) {
  const weights = allocateWeights(manifest, graph, weightArray);
  const names = modelFiles(manifest).map(({ name }) => name);
  await files.readParts(
    names.filter((name) => name !== 'model.json'),
    async (part) => weights.put(part),
  );
  weights.finish();
  return new Map([...weights.memories].map(([name, { weight }]) => [name, weight]));
}

/** @throws CannotPlan only for the golden input's own shape */
function planAhead(planOf: FreshPlan['planOf'], { signature, golden }: Manifest, batch: number): void {
  if (golden.inputs.length === 0) return;
  const isOpen = (name: string) => signature.inputs.find((spec) => spec.name === name)?.shape[0] === -1;
  const inputs = golden.inputs.map(({ name, datatype, shape }) => {
    const [first = 1, ...rest] = shape;
    return [name, { datatype, shape: isOpen(name) ? [batch * first, ...rest] : shape }] as const;
  });
  try {
    planOf(new Map(inputs));
  } catch (error) {
    if (batch === 1 || !(error instanceof CannotPlan)) throw error;
  }
}
