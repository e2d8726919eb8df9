import { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type { Engine, LoadedModel } from '../core/engine.js';
import { invalidInput, ModeletError } from '../core/errors.js';
import type { Manifest } from '../core/manifest.js';
import { fitsShape, formatShape, makeTensor, type Tensor, type TensorSpec, type Tensors } from '../core/tensor.js';
import { readGraph, readWeights } from './model-artifacts.js';
import type { TfjsBackend } from './tfjs-backend.js';

const dtypes = { FP32: 'float32', INT32: 'int32', BOOL: 'bool' } as const;

/** Runs TF.js graph models on one of its backends. */
export function createTfjsEngine(backend: TfjsBackend): Engine {
  return {
    backend: backend.name,
    load: async (manifest, readFile) => {
      const opening = backend.open();
      opening.catch(() => undefined); // awaited below; an earlier failure must not go unhandled meanwhile
      const graph = await readGraph(manifest, readFile);
      const release = backend.admit(graph.weightBytes);
      try {
        const weightData = await readWeights(manifest, graph, readFile);
        await opening;
        return await loadedModel(
          backend,
          new GraphModel(tf.io.fromMemory({ ...graph.artifacts, weightData })),
          manifest,
          release,
        );
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

async function loadedModel(
  backend: TfjsBackend,
  model: GraphModel<tf.io.IOHandler>,
  manifest: Manifest,
  release: () => void,
): Promise<LoadedModel> {
  const { generation } = backend;
  try {
    await model.load();
  } catch (cause) {
    const fault = backend.fault(cause);
    if (fault !== undefined) throw condemned(backend, fault);
    const name = `${manifest.model}@${manifest.version}`;
    throw new ModeletError('MODEL_CORRUPT', `${name} is not a TF.js graph model: ${firstLine(cause)}`, { cause });
  }
  const { inputs, outputs } = manifest.signature;
  const outputNames = outputs.map(({ name }) => name);

  const run = (values: Tensors): Tensor[] => {
    let read: Tensor[] = [];
    tf.tidy(() => {
      const feeds: tf.NamedTensorMap = {};
      for (const { name } of inputs) {
        const input = values.get(name) as Tensor;
        checkRange(name, input);
        feeds[name] = tf.tensor(input.data, input.shape as number[], dtypes[input.datatype]);
      }
      const results = [model.execute(feeds, outputNames)].flat();
      read = outputs.map((spec, index) => readOutput(spec, results[index] as tf.Tensor));
    });
    return read;
  };

  return {
    get usable() {
      return backend.generation === generation;
    },
    predict: async (values) => {
      if (backend.generation !== generation)
        throw new ModeletError('MODEL_UNAVAILABLE', 'the model is being loaded again');
      let results: Tensor[] = [];
      let thrown: unknown;
      try {
        results = run(values);
      } catch (cause) {
        thrown = cause;
      }
      const fault = backend.fault(thrown);
      if (fault !== undefined) throw condemned(backend, fault);
      if (thrown instanceof ModeletError) throw thrown;
      if (thrown !== undefined) throw failed(`the model failed: ${firstLine(thrown)}`, thrown);
      return new Map(results.map((result, index) => [outputNames[index] as string, result]));
    },
    dispose: () => {
      model.dispose();
      release();
    },
  };
}

function readOutput({ name, datatype, shape }: TensorSpec, result: tf.Tensor): Tensor {
  if (!fitsShape(shape, result.shape) || result.dtype !== dtypes[datatype]) {
    const expected = `${datatype} ${formatShape(shape)}`;
    throw failed(`output '${name}' is ${result.dtype} ${formatShape(result.shape)}, the signature says ${expected}`);
  }
  const data = result.dataSync() as Tensor['data'];
  // JSON has no word for NaN and Infinity, and a model that says them has no answer.
  if (data instanceof Float32Array && !allFinite(data)) {
    throw failed(`output '${name}' holds NaN or Infinity for this input`);
  }
  return makeTensor(datatype, result.shape, data);
}

/** The square of anything larger overflows FP32. */
const largestInput = 2 ** 64;

/**
 * Where FP32 overflows inside a network, Infinity − Infinity is NaN, and the clamps of TF.js' wasm kernels (relu, pooling) turn
 * NaN into a number: a made-up answer that no check of the output can tell.
 */
function checkRange(name: string, { datatype, data }: Tensor): void {
  if (datatype !== 'FP32') return;
  for (let index = 0; index < data.length; index++) {
    if (Math.abs(data[index] as number) <= largestInput) continue;
    throw invalidInput(name, 'holds NaN or a number over 1.8e19, whose square FP32 has no room for; scale the input');
  }
}

/** A plain loop: `every` calls a function an element, ten times as slow. */
function allFinite(values: Float32Array): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false;
  return true;
}

/** Whichever request caused it: what the backend holds can't be trusted any more, so the next request loads afresh. */
function condemned(backend: TfjsBackend, fault: string): ModeletError {
  backend.condemn();
  const message = 'the model ran out of memory or trapped, so its answer is not given; send fewer or smaller instances';
  return new ModeletError('MODEL_UNAVAILABLE', message, { cause: new Error(fault) });
}

function failed(message: string, cause?: unknown): ModeletError {
  return new ModeletError('INFERENCE_FAILED', message, { cause });
}

function firstLine(cause: unknown): string {
  return String(cause instanceof Error ? cause.message : cause).split('\n', 1)[0] ?? '';
}
