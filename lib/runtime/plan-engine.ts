import type { Engine, LoadedModel } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import { type Manifest, modelFiles } from '../core/manifest.js';
import { elementCount } from '../core/tensor.js';
import type { VersionFiles } from '../core/version-files.js';
import { compileKernels, createKernels } from '../kernels/kernels.js';
import { CannotPlan } from '../plans/cannot-plan.js';
import { HeapFull } from '../plans/heap.js';
import { packingConstants } from '../plans/packing-constants.js';
import type { PlanGraph } from '../plans/plan-graph.js';
import { checkOps } from '../plans/planner.js';
import { plansByShape } from '../plans/plans-by-shape.js';
import { readPlanGraph } from '../plans/read-plan-graph.js';
import { lazyModel } from './lazy-model.js';
import { type Graph, readGraph } from './model-artifacts.js';
import { plannedModel } from './planned-model.js';
import { reserved } from './reserved.js';
import { outOfMemory } from './runner.js';
import { weightArray } from './weight-array.js';
import { allocateWeights } from './weights.js';

/** Of the 4 GiB that 32-bit pointers reach, what one model's weights may take; the rest is left to activations. */
const weightLimit = 3584 * 2 ** 20;

/** Batches that are planned while all weights are at hand: what large ones need beside the constants of small ones. */
const batches = [1, 64];

/**
 * Runs graph models by plans, each in a heap of its own. What can't be planned (a graph, or only some shapes of inputs) runs on
 * TF.js, which is not even read before.
 * @param openFallback opens the engine of TF.js
 */
export function createPlanEngine(openFallback: () => Promise<Engine>): Engine {
  const room = reserved();

  const load = async (manifest: Manifest, files: VersionFiles, memory: number): Promise<LoadedModel> => {
    const byTfjs = async () => (await openFallback()).load(manifest, files, memory - room.taken());
    if (manifest.savedModel !== undefined) return byTfjs();
    const take = (bytes: number): (() => void) => {
      try {
        return room.take(bytes, memory);
      } catch (cause) {
        // TF.js may need less, or says how much is missing.
        throw cause instanceof ModeletError ? new CannotPlan('no memory to pack weights', { cause }) : cause;
      }
    };
    try {
      const graph = await readGraph(manifest, files);
      const planGraph = readPlanGraph(graph.artifacts, manifest.signature);
      checkOps(planGraph);
      return await loadGraph(manifest, files, graph, planGraph, take, byTfjs);
    } catch (error) {
      if (error instanceof CannotPlan) return byTfjs();
      throw error instanceof HeapFull ? outOfMemory(error) : error;
    }
  };
  return {
    backend: 'wasm',
    // What TF.js can hold in any case; a model with a plan may be larger.
    mostWeights: weightLimit / 2,
    // While a model is loaded without a stored plan, its weights and what is packed of them.
    memoryPerWeight: 2,
    start: async () => void (await compileKernels()),
    load: (manifest, files, memory = Number.POSITIVE_INFINITY) => load(manifest, files, memory),
  };
}

async function loadGraph(
  manifest: Manifest,
  files: VersionFiles,
  graph: Graph,
  planGraph: PlanGraph,
  take: (bytes: number) => () => void,
  byTfjs: () => Promise<LoadedModel>,
): Promise<LoadedModel> {
  const bytes = sum(graph.weightSpecs.map(({ shape }) => 4 * elementCount(shape)));
  if (bytes > weightLimit) throw new CannotPlan('its weights are more than 32-bit pointers reach');
  let release = take(2 * bytes);
  try {
    const [kernels, weights] = await Promise.all([createKernels(), readWeights(manifest, files, graph)]);
    const constants = packingConstants(kernels, weights);
    const planOf = plansByShape(planGraph, manifest.signature, constants);
    if (manifest.golden.inputs.length > 0) {
      for (const batch of batches.toReversed()) planAhead(planOf, manifest, batch);
      constants.forget();
      release();
      release = () => undefined;
      release = take(sum([...constants.packedAt.values()].map(({ bytes }) => bytes)));
    }
    const fallback = lazyModel(byTfjs);
    return plannedModel({ signature: manifest.signature, kernels, planOf, fallback, release });
  } catch (error) {
    release();
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
function planAhead(planOf: ReturnType<typeof plansByShape>, { signature, golden }: Manifest, batch: number): void {
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

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
