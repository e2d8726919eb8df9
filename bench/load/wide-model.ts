import { storeTensors } from '../../lib/core/stored-tensor.js';
import { makeTensor } from '../../lib/core/tensor.js';
import * as attribute from '../../lib/importers/graph/attributes.js';
import { createGraphBuilder } from '../../lib/importers/graph/graph-builder.js';
import { writeModelJson } from '../../lib/importers/graph/model-json.js';
import type { Draft } from '../../lib/registry/publish.js';

/** 4096 × 4096 FP32: 64 MiB. */
const size = 4096;

/** A model of dense layers, 64 MiB of weights each, with its golden output worked out here. */
export function wideModel(model: string, layers: number): Draft {
  // Each layer has other weights, of one sequence: making them takes longer than reading them.
  const shift = 1009;
  const numbers = pseudoRandom(size * size + layers * shift);
  const kernel = (layer: number) => numbers.slice(layer * shift, layer * shift + size * size);

  const graph = createGraphBuilder();
  const row = { datatype: 'FP32' as const, shape: [-1, size] };
  let value = graph.input({ name: 'x', ...row });
  let vector: Float32Array<ArrayBufferLike> = pseudoRandom(size).map((weight) => weight * 64);
  const golden = { inputs: storeTensors(new Map([['x', makeTensor('FP32', [1, size], vector)]])), outputs: [] };
  const plain = { transpose_a: attribute.flag(false), transpose_b: attribute.flag(false) };
  for (let layer = 0; layer < layers; layer++) {
    const weights = kernel(layer);
    const constant = graph.constant(makeTensor('FP32', [size, size], weights), `kernel${layer}`);
    value = graph.node('MatMul', [value, constant], plain, row);
    vector = product(vector, weights);
  }
  const finished = graph.finish([{ name: 'y', value }]);
  return {
    model,
    source: { format: 'bench' },
    signature: finished.signature,
    task: { name: 'tensor@1', options: {} },
    golden: {
      ...golden,
      by: 'arithmetic',
      tolerance: 1e-3,
      outputs: storeTensors(new Map([['y', makeTensor('FP32', [1, size], vector)]])),
    },
    metrics: {},
    files: writeModelJson(finished),
  };
}

/** Uniform, such that a vector keeps its length in a product with a matrix of them. */
function pseudoRandom(length: number): Float32Array<ArrayBuffer> {
  const scale = Math.sqrt(3 / size);
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** vector · matrix */
function product(vector: Float32Array, matrix: Float32Array): Float32Array {
  const sums = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    const factor = vector[k] as number;
    for (let column = 0; column < size; column++) {
      sums[column] = (sums[column] as number) + factor * (matrix[k * size + column] as number);
    }
  }
  return Float32Array.from(sums);
}
