import type * as tf from '@tensorflow/tfjs-core';
import type { Manifest } from '../core/manifest.js';
import type { FilePart } from '../core/version-files.js';
import { dequantize, storedBytes } from './dequantize.js';
import { corrupt, type Graph } from './model-artifacts.js';

/** Memory of one weight that is filled before it is used. */
export interface WeightMemory {
  /** The memory as it is now, aligned to its elements: it may move whenever more is made. */
  bytes(): Uint8Array;
  dispose(): void;
}

/** A model's weights, whose memory the parts of its files go straight into. */
export interface Weights<Memory extends WeightMemory> {
  /** By name. They may be used once every part was put. */
  readonly memories: ReadonlyMap<string, Memory>;
  /** Puts a part of a weight file where it belongs; parts come in any order, each once. */
  put(part: FilePart): void;
  /** @throws MODEL_CORRUPT where bytes of a weight never came */
  finish(): void;
  dispose(): void;
}

interface Weight<Memory> {
  readonly spec: tf.io.WeightsManifestEntry;
  /** Where its bytes begin in all files of the model, put together, and where they end. */
  readonly start: number;
  readonly end: number;
  readonly memory: Memory;
  missing: number;
}

/**
 * Makes room for each weight, yet to be filled.
 * @throws MODEL_CORRUPT for a file or a kind of weight that can't be
 */
export function allocateWeights<Memory extends WeightMemory>(
  manifest: Manifest,
  graph: Graph,
  allocate: (spec: tf.io.WeightsManifestEntry) => Memory,
): Weights<Memory> {
  const starts = fileStarts(manifest, graph);
  const weights: Weight<Memory>[] = [];
  const dispose = () => {
    for (const { memory } of weights) memory.dispose();
  };
  try {
    let start = 0;
    for (const spec of graph.weightSpecs) {
      const bytes = storedBytes(spec);
      if (bytes === undefined) throw corrupt(manifest, `has a weight '${spec.name}' of a kind that can't be served`);
      const memory = allocate(spec);
      weights.push({ spec, start, end: start + bytes, memory, missing: bytes });
      start += bytes;
    }
  } catch (error) {
    dispose();
    throw error;
  }

  /** Quantized bytes wait at the end of their weight's memory, from where they grow into all of it. */
  const putInto = (weight: Weight<Memory>, bytes: Uint8Array, at: number): void => {
    const memory = weight.memory.bytes();
    memory.set(bytes, memory.length - (weight.end - weight.start) + at);
    weight.missing -= bytes.length;
    if (weight.missing === 0 && weight.spec.quantization !== undefined) dequantize(memory, weight.spec);
  };

  return {
    memories: new Map(weights.map(({ spec, memory }) => [spec.name, memory])),
    put: ({ file, start, bytes }) => {
      const fileStart = starts.get(file);
      if (fileStart === undefined) return;
      const from = fileStart + start;
      const to = from + bytes.length;
      for (const weight of weights) {
        const first = Math.max(from, weight.start);
        const last = Math.min(to, weight.end);
        if (first < last) putInto(weight, bytes.subarray(first - from, last - from), first - weight.start);
      }
    },
    finish: () => {
      const short = weights.find(({ missing }) => missing > 0);
      if (short !== undefined) throw corrupt(manifest, `has no bytes for the weight '${short.spec.name}'`);
    },
    dispose,
  };
}

/** Where each file begins, all of them put together in TF.js' order. */
function fileStarts(manifest: Manifest, { weightFiles }: Graph): ReadonlyMap<string, number> {
  const starts = new Map<string, number>();
  let start = 0;
  for (const name of weightFiles) {
    const file = manifest.files.find((entry) => entry.name === name);
    if (file === undefined) throw corrupt(manifest, `names the file '${name}', which is not in the manifest`);
    starts.set(name, start);
    start += file.bytes;
  }
  return starts;
}
