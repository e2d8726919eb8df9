import * as tf from '@tensorflow/tfjs-core';
import type { Engine, LoadedModel, ReadFile } from '../core/engine.js';
import { ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import type { Tensor } from '../core/tensor.js';
import { createGraphRunner } from './graph-runner.js';
import { readGraph, readWeights } from './model-artifacts.js';
import { failed, firstLine, type Runner } from './runner.js';
import { convertCommand } from './saved-model.js';
import type { TfjsBackend } from './tfjs-backend.js';
import { inTurn } from './turns.js';

/** Runs TF.js graph models on one of TF.js' backends, and SavedModels on `tensorflow`. */
export function createTfjsEngine(backend: TfjsBackend): Engine {
  return {
    backend: backend.name,
    load: (manifest, readFile) =>
      manifest.savedModel === undefined
        ? loadGraph(backend, manifest, readFile)
        : loadSavedModel(backend, manifest, readFile),
  };
}

async function loadGraph(backend: TfjsBackend, manifest: Manifest, readFile: ReadFile): Promise<LoadedModel> {
  const opening = backend.open();
  opening.catch(() => undefined); // awaited below; an earlier failure must not go unhandled meanwhile
  const graph = await readGraph(manifest, readFile);
  const release = backend.admit(graph.weightBytes);
  const { generation } = backend;
  try {
    const weightData = await readWeights(manifest, graph, readFile);
    await opening;
    const runner = await inTurn(() => {
      if (backend.generation !== generation) throw reloading();
      makeCurrent(backend);
      return guarded(backend, manifest, () => createGraphRunner(manifest, graph, weightData, backend.name));
    });
    return loadedModel(backend, manifest, runner, release);
  } catch (error) {
    release();
    throw error;
  }
}

async function loadSavedModel(backend: TfjsBackend, manifest: Manifest, readFile: ReadFile): Promise<LoadedModel> {
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
  try {
    return loadedModel(backend, manifest, await createSavedModelRunner(manifest, readFile), () => undefined);
  } catch (cause) {
    // What makes a file unfit to publish makes a published one corrupt.
    if (cause instanceof ModeletError && cause.code !== 'INVALID_INPUT') throw cause;
    throw new ModeletError('MODEL_CORRUPT', `${model}@${version} can't be loaded: ${firstLine(cause)}`, { cause });
  }
}

/** Loading is where damaged graphs and weights show, and where memory can run out. */
function guarded(backend: TfjsBackend, { model, version }: Manifest, make: () => Runner): Runner {
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

function reloading(): ModeletError {
  return new ModeletError('MODEL_UNAVAILABLE', 'the model is being loaded again');
}

/** Whichever request caused it: what the backend holds can't be trusted any more, so the next request loads afresh. */
function condemned(backend: TfjsBackend, fault: string): ModeletError {
  backend.condemn();
  const message = 'the model ran out of memory or trapped, so its answer is not given; send fewer or smaller instances';
  return new ModeletError('MODEL_UNAVAILABLE', message, { cause: new Error(fault) });
}
