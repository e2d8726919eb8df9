import type * as tf from '@tensorflow/tfjs-core';
import type { Manifest } from '../core/manifest.js';
import type { FilePart } from '../core/version-files.js';
import { dequantize, storedBytes } from './dequantize.js';
import { corrupt, type Graph } from './model-artifacts.js';
import type { TfjsBackend, WeightMemory, WeightType } from './tfjs-backend.js';

/** A model's weights as tensors, whose memory the parts of its files go straight into. */
export interface Weights {
  /** By name. They may be used once every part was put. */
  readonly tensors: Readonly<Record<string, tf.Tensor>>;
  /** Puts a part of a weight file where it belongs; parts come in any order, each once. */
  put(part: FilePart): void;
  /** @throws MODEL_CORRUPT where bytes of a weight never came */
  finish(): void;
  dispose(): void;
}

interface Weight {
  readonly spec: tf.io.WeightsManifestEntry;
  /** Where its bytes begin in all files of the model, put together, and where they end. */
  readonly start: number;
  readonly end: number;
  readonly memory: WeightMemory;
  missing: number;
}

/**
 * Makes the tensors, their memory yet to be filled. To be called in a turn, with the backend TF.js' current one.
 * @param packed names of those that may give way to a packed copy
 * @throws MODEL_CORRUPT for a file or a kind of weight that can't be
 */
export function allocateWeights(
  backend: TfjsBackend,
  manifest: Manifest,
  graph: Graph,
  packed: ReadonlySet<string>,
): Weights {
  const starts = fileStarts(manifest, graph);
  const weights: Weight[] = [];
  const dispose = () => {
    for (const { memory } of weights) memory.tensor.dispose();
  };
  try {
    let start = 0;
    for (const spec of graph.weightSpecs) {
      const bytes = storedBytes(spec);
      if (bytes === undefined) throw corrupt(manifest, `has a weight '${spec.name}' of a kind that can't be served`);
      const memory = backend.allocate(spec.shape, spec.dtype as WeightType, packed.has(spec.name));
      weights.push({ spec, start, end: start + bytes, memory, missing: bytes });
      start += bytes;
    }
  } catch (error) {
    dispose();
    throw error;
  }

  /** Quantized bytes wait at the end of their tensor's memory, from where they grow into all of it. */
  const putInto = (weight: Weight, bytes: Uint8Array, at: number): void => {
    const memory = weight.memory.bytes();
    memory.set(bytes, memory.length - (weight.end - weight.start) + at);
    weight.missing -= bytes.length;
    if (weight.missing === 0 && weight.spec.quantization !== undefined) dequantize(memory, weight.spec);
  };

  return {
    tensors: Object.fromEntries(weights.map(({ spec, memory }) => [spec.name, memory.tensor])),
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
