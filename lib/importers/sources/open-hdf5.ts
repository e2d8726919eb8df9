import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { elementCount, type Tensor } from '../../core/tensor.js';
import { badSource } from './bad-source.js';
import {
  type Hdf5Answer,
  type Hdf5Dataset,
  type Hdf5Group,
  type Hdf5Limits,
  type Hdf5Request,
  runHdf5Worker,
} from './hdf5-worker.js';
import { checkExpansion } from './limits.js';
import { type NumberFormat, readNumbers } from './numbers.js';

/** Large models have some thousand groups and datasets, optimizer included; Keras nests models, layers and cells. */
const limits: Hdf5Limits = { objects: 200_000, depth: 64, attribute: 64 * 2 ** 20 };

/** A damaged file can make the HDF5 library run in circles. Whole ones are read at some 100 MB/s, after a second's start. */
const patience = { ms: 20_000, bytesPerMs: 10_000 };

export interface Hdf5File {
  readonly root: Hdf5Group;
  /** The numbers of some datasets, in their order. */
  read(datasets: readonly Hdf5Dataset[]): Promise<Tensor[]>;
  close(): Promise<void>;
}

/**
 * Opens an HDF5 file in a worker: the library is C, so a damaged file may crash it, or never let it end.
 * @param bytes the file; they are handed over to the worker, and are empty afterwards
 * @throws INVALID_INPUT
 */
export async function openHdf5(bytes: Uint8Array): Promise<Hdf5File> {
  const fileSize = bytes.length;
  const patienceMs = patience.ms + fileSize / patience.bytesPerMs;
  const owned = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  const program = `const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.library).then((library) =>
      (${runHdf5Worker.toString()})(library, workerData.bytes, workerData.limits, parentPort));`;
  const worker = new Worker(program, {
    eval: true,
    workerData: { library: libraryUrl(), bytes: owned, limits },
    transferList: [owned.buffer as ArrayBuffer],
    // The library reports each error there as well.
    stdout: true,
    stderr: true,
  });
  // Whoever waits for an answer hears of a break-down; between questions nobody needs to.
  worker.on('error', () => undefined);
  try {
    const opened = await answer(worker, patienceMs);
    if (!('root' in opened)) throw badHdf5('it does not begin with its tree');
    checkSizes(opened.root, fileSize);
    return {
      root: opened.root,
      read: (datasets) => readDatasets(worker, patienceMs, datasets),
      close: async () => {
        await worker.terminate();
      },
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

async function readDatasets(worker: Worker, patienceMs: number, datasets: readonly Hdf5Dataset[]): Promise<Tensor[]> {
  const request: Hdf5Request = { read: datasets.map(({ path }) => path) };
  worker.postMessage(request);
  const answered = await answer(worker, patienceMs);
  if (!('arrays' in answered)) throw badHdf5('its arrays did not come');
  return datasets.map((dataset, index) => {
    const bytes = answered.arrays[index] ?? new Uint8Array();
    return readNumbers(dataset.path, dataset.shape, formatOf(dataset), bytes);
  });
}

function answer(worker: Worker, patienceMs: number): Promise<Exclude<Hdf5Answer, { problem: string }>> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      outcome();
    };
    const fail = (why: string, cause?: unknown) => settle(() => reject(badHdf5(why, cause)));
    const timer = setTimeout(() => fail(`it was not read within ${Math.round(patienceMs / 1000)} s`), patienceMs);
    const onMessage = (message: Hdf5Answer) =>
      'problem' in message ? fail(message.problem) : settle(() => resolve(message));
    const onError = (error: unknown) => fail('the library broke down over it', error);
    const onExit = () => fail('the library ended over it');
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}

/** Shapes are free to declare: what is to be unpacked is bounded before it is. */
function checkSizes(root: Hdf5Group, fileSize: number): void {
  let declared = 0;
  const add = (group: Hdf5Group): void => {
    for (const { shape, size } of group.datasets.values()) declared += elementCount(shape) * size;
    for (const child of group.groups.values()) add(child);
  };
  add(root);
  checkExpansion('the HDF5 file', declared, fileSize);
}

function formatOf({ type, size, signed, path }: Hdf5Dataset): NumberFormat {
  if (type === 0) return { kind: signed ? 'integer' : 'unsigned', size };
  if (type === 1) return { kind: 'float', size };
  // h5py has no bfloat16: Keras' arrays of it are stored as opaque pairs of bytes.
  if (type === 5 && size === 2) return { kind: 'bfloat', size };
  throw badHdf5(`the dataset ${path} holds no numbers`);
}

/** The package names no file for `require`, so its folder is looked for as Node does. */
function libraryUrl(): string {
  const folders = createRequire(import.meta.url).resolve.paths('h5wasm') ?? [];
  const file = folders.map((folder) => join(folder, 'h5wasm/dist/esm/hdf5_hl.js')).find((path) => existsSync(path));
  if (file === undefined) throw badSource('h5wasm, which reads HDF5, is not installed', 'run npm ci');
  return pathToFileURL(file).href;
}

function badHdf5(why: string, cause?: unknown) {
  return badSource(`the HDF5 file can't be read: ${why}`, 'save the model again, or copy the file again', cause);
}
