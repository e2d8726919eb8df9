import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { arrayOf, makeTensor, type Tensor } from '../../../lib/core/tensor.js';
import type { Graph } from '../../../lib/importers/graph/graph.js';
import { writeModelJson } from '../../../lib/importers/graph/model-json.js';

export async function runGraph(graph: Graph, inputs: readonly Tensor[], backend: string): Promise<Tensor[]> {
  await tf.setBackend(backend);
  await tf.ready();
  const files = writeModelJson(graph);
  const json = JSON.parse(Buffer.from(files.get('model.json') as Uint8Array).toString());
  const weightData = Buffer.concat(json.weightsManifest[0].paths.map((path: string) => files.get(path) as Uint8Array));
  const model = new GraphModel(
    tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest[0].weights,
      weightData: new Uint8Array(weightData).buffer,
      signature: json.signature,
    } as never),
  );
  await model.load();
  const dtypes = { FP32: 'float32', INT32: 'int32', BOOL: 'bool' } as const;
  const feeds = Object.fromEntries(
    graph.signature.inputs.map(({ name }, index) => {
      const { data, shape, datatype } = inputs[index] as Tensor;
      return [name, tf.tensor(data, [...shape], dtypes[datatype])];
    }),
  );
  const outputs = model.execute(
    feeds,
    graph.signature.outputs.map(({ name }) => name),
  ) as tf.Tensor | tf.Tensor[];
  return [outputs].flat().map((output, index) => {
    const { datatype } = graph.signature.outputs[index] as { datatype: 'FP32' | 'INT32' | 'BOOL' };
    if (output.dtype !== dtypes[datatype]) throw new Error(`is ${output.dtype}, said ${datatype}`);
    return makeTensor(datatype, output.shape, arrayOf[datatype].from(output.dataSync()));
  });
}
