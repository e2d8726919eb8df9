import * as tf from '@tensorflow/tfjs-core';
import type { Engine, LoadedModel } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import { type Manifest, modelFiles, weightBytes } from '../core/manifest.js';
import type { Tensor } from '../core/tensor.js';
import type { VersionFiles } from '../core/version-files.js';
import { compileFirstKernels } from './first-kernels.js';
import { createGraphRunner, outputNode } from './graph-runner.js';
import { type Graph, opsOf, readGraph } from './model-artifacts.js';
import { neededBytes, packedWeights } from './packed-weights.js';
import { bringRareOps } from './rare-ops.js';
import { failed, firstLine, outOfMemory, type Runner, reloading } from './runner.js';
import { convertCommand } from './saved-model.js';
import type { TensorMemory, TfjsBackend, WeightType } from './tfjs-backend.js';
import { inTurn } from './turns.js';
import { allocateWeights, type Weights } from './weights.js';

/** Bytes of weights that are asked for before it is known what they will need in memory. */
const hurried = 64 * 2 ** 20;

/** Runs TF.js graph models on one of TF.js' backends, and SavedModels on `tensorflow`. */
export function createTfjsEngine(backend: TfjsBackend): Engine {
  let isLoading = false;
  return {
    backend: backend.name,
    mostWeights: backend.mostWeights,
    memoryPerWeight: backend.memoryPerWeight,
    start: async () => {
      await backend.open();
      if (backend.name === 'wasm') compileFirstKernels(() => isLoading).catch(() => undefined);
    },
    load: (manifest, files, memory = Number.POSITIVE_INFINITY) => {
      isLoading = true;
      return manifest.savedModel === undefined
        ? loadGraph(backend, manifest, files, memory)
        : loadSavedModel(backend, manifest, files, memory);
    },
  };
}

async function loadGraph(
  backend: TfjsBackend,
  manifest: Manifest,
  files: VersionFiles,
  memory: number,
): Promise<LoadedModel> {
  const placing = place(backend, manifest, files, memory);
  placing.catch(() => undefined); // awaited below; a failure must not go unhandled until then
  try {
    // Small ones are on their way while the graph is read and the backend starts; of large ones it is known first that they fit.
    if (weightBytes(manifest) > hurried) await placing;
    const names = modelFiles(manifest).map(({ name }) => name);
    const weightFiles = names.filter((name) => name !== 'model.json');
    await files.readParts(weightFiles, async (part) => {
      const { weights, generation } = await placing;
      if (backend.generation !== generation) throw reloading();
      weights.put(part);
    });
    const { graph, weights, generation, release } = await placing;
    weights.finish();
    const runner = await inTurn(() => {
      if (backend.generation !== generation) throw reloading();
      makeCurrent(backend);
      return guarded(backend, manifest, () => createGraphRunner(manifest, graph, tensorsOf(weights), backend.name));
    });
    return loadedModel(backend, manifest, runner, release);
  } catch (error) {
    await placing.then(
      ({ weights, release }) => {
        weights.dispose();
        release();
      },
      () => undefined,
    );
    throw error;
  }
}

interface Placed {
  readonly graph: Graph;
  readonly weights: Weights<TensorMemory>;
  readonly generation: number;
  /** Gives the memory's place back. */
  release(): void;
}

/** The graph, and a place for each of its weights. */
async function place(backend: TfjsBackend, manifest: Manifest, files: VersionFiles, memory: number): Promise<Placed> {
  const opening = backend.open();
  opening.catch(() => undefined); // awaited below, unless the graph is bad
  const graph = await readGraph(manifest, files);
  await bringRareOps(opsOf(graph.artifacts.modelTopology));
  const outputs = manifest.signature.outputs.map(({ name }) => outputNode(graph, name));
  const packed = packedWeights(graph, outputs);
  await opening;
  const release = backend.admit(neededBytes(graph, packed), memory);
  try {
    return await inTurn(() => {
      makeCurrent(backend);
      const allocate = ({ name, shape, dtype }: Graph['weightSpecs'][number]) =>
        backend.allocate(shape, dtype as WeightType, packed.has(name));
      const weights = guarded(backend, manifest, () => allocateWeights(manifest, graph, allocate));
      return { graph, weights, generation: backend.generation, release };
    });
  } catch (error) {
    release();
    throw error;
  }
}

const tensorsOf = ({ memories }: Weights<TensorMemory>): tf.NamedTensorMap =>
  Object.fromEntries([...memories].map(([name, { tensor }]) => [name, tensor]));

async function loadSavedModel(
  backend: TfjsBackend,
  manifest: Manifest,
  files: VersionFiles,
  memory: number,
): Promise<LoadedModel> {
  const { model, version, savedModel = { tags: [], signature: '' } } = manifest;
  if (backend.name !== 'tensorflow') {
    const command = convertCommand(savedModel, '<its folder>', '<out>');
    throw new ModeletError(
      'MODEL_UNAVAILABLE',
      `${model}@${version} is a SavedModel, which only the tensorflow backend runs (MODELET_BACKEND=tensorflow, container ` +
        `image); use that, or make it a graph model by \`${command}\` and then \`modelet publish <out> --name ${model}\``,
    );
  }
  await backend.open();
  const { createSavedModelRunner } = await import('./saved-model-runner.js');
  const release = backend.admit({ packed: 0, largest: 0, other: weightBytes(manifest) }, memory);
  try {
    return loadedModel(backend, manifest, await createSavedModelRunner(manifest, files), release);
  } catch (cause) {
    release();
    // What makes a file unfit to publish makes a published one corrupt.
    if (cause instanceof ModeletError && cause.code !== 'INVALID_INPUT') throw cause;
    throw new ModeletError('MODEL_CORRUPT', `${model}@${version} can't be loaded: ${firstLine(cause)}`, { cause });
  }
}

/** Loading is where damaged graphs and weights show, and where memory can run out. */
function guarded<T>(backend: TfjsBackend, { model, version }: Manifest, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const fault = backend.fault(cause);
    if (fault !== undefined) throw condemned(backend, fault);
    if (cause instanceof ModeletError) throw cause;
    const message = `${model}@${version} is not a TF.js graph model: ${firstLine(cause)}`;
    throw new ModeletError('MODEL_CORRUPT', message, { cause });
  }
}

function loadedModel(backend: TfjsBackend, manifest: Manifest, runner: Runner, release: () => void): LoadedModel {
  const { generation } = backend;
  const names = manifest.signature.outputs.map(({ name }) => name);
  const believed = (results: readonly Tensor[]) => {
    const fault = backend.fault(undefined);
    if (fault !== undefined) throw condemned(backend, fault);
    return new Map(results.map((result, index) => [names[index] as string, result]));
  };
  const explained = (thrown: unknown): never => {
    // A fault that was found is a ModeletError already, and its backend a new one.
    const fault = backend.generation === generation ? backend.fault(thrown) : undefined;
    if (fault !== undefined) throw condemned(backend, fault);
    if (thrown instanceof ModeletError) throw thrown;
    throw failed(`the model failed: ${firstLine(thrown)}`, thrown);
  };
  return {
    get usable() {
      return backend.generation === generation;
    },
    predict: (inputs) =>
      inTurn(() => {
        if (backend.generation !== generation) throw reloading();
        makeCurrent(backend);
        try {
          const results = runner.run(inputs);
          return Array.isArray(results) ? believed(results) : results.then(believed).catch(explained);
        } catch (thrown) {
          return explained(thrown);
        }
      }),
    dispose: () => {
      runner.dispose();
      release();
    },
  };
}

/** Done at once for a backend that is open: `setBackend` awaits only where it must make one. */
function makeCurrent({ name }: TfjsBackend): void {
  if (tf.getBackend() !== name) void tf.setBackend(name);
}

/** Whichever request caused it: what the backend holds can't be trusted any more, so the next request loads afresh. */
function condemned(backend: TfjsBackend, fault: string): ModeletError {
  backend.condemn();
  return outOfMemory(new Error(fault));
}
