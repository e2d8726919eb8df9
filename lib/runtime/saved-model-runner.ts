import { rmSync } from 'node:fs';
import { type FileHandle, mkdir, mkdtemp, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { ModeletError } from '../core/errors.js';
import { type Manifest, modelFiles } from '../core/manifest.js';
import type { Tensor, TensorSpec } from '../core/tensor.js';
import type { VersionFiles } from '../core/version-files.js';
import { checkedOutput, checkInput, failed, type Runner } from './runner.js';
import { type SavedTensor, savedModelSignature } from './saved-model.js';

/** tfjs-node's addon (tfjs-node/dist/tfjs_binding.d.ts). Its tensors are numbers, freed by hand. Types are TensorFlow's own. */
interface Binding {
  createTensor(shape: readonly number[], dtype: number, data: ArrayBufferView): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array | BigInt64Array;
  executeOp(op: string, attributes: readonly object[], inputs: readonly number[], outputs: number): Metadata[];
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string): Metadata[];
  deleteSavedModel(id: number): void;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_BOOL: number;
}

interface Metadata {
  readonly id: number;
  readonly dtype: number;
  readonly shape: number[];
}

/** Numbers of TensorFlow's types. */
const types = { FP32: 1, INT32: 3, BOOL: 10 } as const;
const int64 = 9;

/**
 * A SavedModel in libtensorflow, from a private folder that goes with it. tfjs-node's own wrapper is not used: it feeds negative
 * int64 as 2³² − n, wraps what a uint8 can't hold, and knows neither float16 nor double. The backend `tensorflow` must be open.
 * @throws INVALID_INPUT or MODEL_CORRUPT for files that are no such model
 */
export async function createSavedModelRunner(manifest: Manifest, files: VersionFiles): Promise<Runner> {
  const { savedModel, signature } = manifest;
  if (savedModel === undefined) throw new RangeError('the manifest is not of a SavedModel');
  const { inputs, outputs } = savedModelSignature(await files.read('saved_model.pb'), savedModel);
  const binding = (tf.findBackend('tensorflow') as unknown as { binding: Binding }).binding;
  const folder = await unpack(manifest, files);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const discard = () => {
    process.removeListener('exit', remove);
    remove();
  };
  process.once('exit', remove);
  try {
    const id = binding.loadSavedModel(folder, savedModel.tags.join());
    const fed = signature.inputs.map((spec) => [spec.name, saved(manifest, inputs, spec)] as const);
    const fetched = signature.outputs.map((spec) => [spec, saved(manifest, outputs, spec)] as const);
    const inputNames = fed.map(([, { tensor }]) => tensor).join();
    const outputNames = fetched.map(([, { tensor }]) => tensor).join();
    return {
      run: (values) =>
        withTensors(binding, (own) => {
          const feeds = fed.map(([name, { dtype }]) => {
            const input = values.get(name) as Tensor;
            checkInput(name, input, dtype.range);
            const id = own(binding.createTensor(input.shape, types[input.datatype], input.data));
            return cast(binding, own, id, types[input.datatype], dtype.number);
          });
          const results = binding.runSavedModel(id, feeds, inputNames, outputNames);
          for (const result of results) own(result.id);
          return fetched.map(([spec], index) => readOutput(binding, own, spec, results[index] as Metadata));
        }),
      dispose: () => {
        binding.deleteSavedModel(id);
        discard();
      },
    };
  } catch (error) {
    discard();
    throw error;
  }
}

/** Writes the version's files, verified as they are read, where only this user can see them. */
async function unpack(manifest: Manifest, files: VersionFiles): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'modelet-saved-model-'));
  const opened = new Map<string, FileHandle>();
  try {
    for (const { name } of modelFiles(manifest)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      opened.set(name, await open(path, 'w'));
    }
    await files.readParts([...opened.keys()], async ({ file, start, bytes }) => {
      await opened.get(file)?.write(bytes, 0, bytes.length, start);
    });
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    for (const file of opened.values()) await file.close();
  }
}

function saved({ model, version }: Manifest, tensors: readonly SavedTensor[], { name }: TensorSpec): SavedTensor {
  const found = tensors.find((tensor) => tensor.name === name);
  if (found !== undefined) return found;
  throw new ModeletError('MODEL_CORRUPT', `saved_model.pb of ${model}@${version} has no '${name}' in its signature`);
}

/** Frees every tensor that the work made its own. */
function withTensors<T>(binding: Binding, work: (own: (id: number) => number) => T): T {
  const owned = new Set<number>();
  try {
    return work((id) => {
      owned.add(id);
      return id;
    });
  } finally {
    for (const id of owned) binding.deleteTensor(id);
  }
}

function cast(binding: Binding, own: (id: number) => number, id: number, from: number, to: number): number {
  if (from === to) return id;
  const attributes = [
    { name: 'SrcT', type: binding.TF_ATTR_TYPE, value: from },
    { name: 'DstT', type: binding.TF_ATTR_TYPE, value: to },
    { name: 'Truncate', type: binding.TF_ATTR_BOOL, value: false },
  ];
  return own((binding.executeOp('Cast', attributes, [id], 1)[0] as Metadata).id);
}

function readOutput(binding: Binding, own: (id: number) => number, spec: TensorSpec, result: Metadata): Tensor {
  const { shape } = result;
  const dtype = { FP32: 'float32', INT32: 'int32', BOOL: 'bool' }[spec.datatype];
  const isInt64 = result.dtype === int64;
  const id = isInt64 ? result.id : cast(binding, own, result.id, result.dtype, types[spec.datatype]);
  const data = binding.tensorDataSync(id);
  if (!(data instanceof BigInt64Array)) return checkedOutput(spec, { dtype, shape, data });
  const narrow = Int32Array.from(data, Number);
  if (narrow.some((value, index) => BigInt(value) !== data[index])) {
    throw failed(`output '${spec.name}' holds a whole number that INT32 has no room for`);
  }
  return checkedOutput(spec, { dtype, shape, data: narrow });
}
