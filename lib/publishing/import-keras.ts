import { arrayOf, makeTensor, type Tensor, type TensorSpec } from '../core/tensor.js';
import { emitModel } from '../importers/emit/emit.js';
import { type NdArray, ndArray } from '../importers/evaluate/array.js';
import { evaluate } from '../importers/evaluate/evaluate.js';
import { optimise } from '../importers/graph/optimise.js';
import { ownScale } from '../importers/graph/own-scale.js';
import type { KerasModel } from '../importers/keras/keras-model.js';
import type { ImportedModel } from './imported-model.js';
import { servedGraph } from './served-graph.js';

/** Keras and layers models are emitted as a graph; the evaluator is the second implementation. */
export function importKeras(model: KerasModel, format: string): ImportedModel {
  const emitted = emitModel(model);
  const graph = optimise(emitted);
  const { inputs, outputs } = graph.signature;
  return {
    ...servedGraph(graph),
    ownScale: ownScale(emitted),
    source: { format, tool: `Keras ${model.kerasVersion}` },
    reference: {
      by: `modelet's evaluator of the definitions of Keras ${model.kerasVersion}`,
      predict: async (feeds) => {
        const arrays = inputs.map(({ name }) => toArray(feeds.get(name) as Tensor));
        const results = evaluate(model, arrays);
        return new Map(outputs.map((spec, index) => [spec.name, toTensor(spec, results[index] as NdArray)]));
      },
    },
  };
}

function toArray({ shape, data }: Tensor): NdArray {
  return ndArray(shape, Float64Array.from(data));
}

/** Rounded to the output's datatype; the differences that count are far larger. */
function toTensor({ datatype }: TensorSpec, { shape, data }: NdArray): Tensor {
  return makeTensor(datatype, shape, arrayOf[datatype].from(data));
}
