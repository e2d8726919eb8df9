import { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { arrayOf, type Datatype, type TensorSpec, type Tensors } from '../core/tensor.js';
import { executorGraph, isAsynchronous, neededNodes } from './converter-graph.js';
import { repairConverter } from './converter-repairs.js';
import { createCpuBackend } from './cpu-backend.js';
import { tfjsDtypes } from './runner.js';
import { inTurn } from './turns.js';

/**
 * What a graph's outputs are for these inputs, for a source whose file does not state it. Runs on TF.js' cpu backend.
 * @param files `model.json` and weights of a TF.js graph model whose nodes have the names of inputs and outputs
 */
export async function observeOutputs(
  files: ReadonlyMap<string, Uint8Array>,
  inputs: Tensors,
  names: readonly string[],
): Promise<Map<string, Omit<TensorSpec, 'name'>>> {
  await createCpuBackend().open();
  repairConverter();
  const model = new GraphModel(tf.io.fromMemorySync(artifactsOf(files)));
  model.load();
  const feeds: tf.NamedTensorMap = {};
  for (const [name, { data, shape, datatype }] of inputs) {
    feeds[name] = tf.tensor(data, shape as number[], tfjsDtypes[datatype]);
  }
  try {
    const outputs = await inTurn(async () => {
      await tf.setBackend('cpu');
      // TF.js prints advice on stderr where `executeAsync` was not needed.
      const nodes = names.map((name) => name.split(':', 1)[0] as string);
      const runs = isAsynchronous(neededNodes(executorGraph(model), nodes)) ? 'executeAsync' : 'execute';
      return [await model[runs](feeds, [...names])].flat();
    });
    const specs = outputs.map(({ dtype, shape }) => ({ datatype: datatypeOf(dtype), shape }));
    tf.dispose(outputs);
    return new Map(names.map((name, index) => [name, specs[index] as Omit<TensorSpec, 'name'>]));
  } finally {
    tf.dispose(feeds);
    model.dispose();
  }
}

function artifactsOf(files: ReadonlyMap<string, Uint8Array>): tf.io.ModelArtifacts {
  const text = Buffer.from(files.get('model.json') as Uint8Array).toString('utf8');
  const { modelTopology, weightsManifest } = JSON.parse(text) as tf.io.ModelJSON;
  const paths = weightsManifest.flatMap((group) => group.paths);
  return {
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: paths.map((path) => Uint8Array.from(files.get(path) as Uint8Array).buffer),
  };
}

function datatypeOf(dtype: string): Datatype {
  const known = (Object.keys(arrayOf) as Datatype[]).find((name) => tfjsDtypes[name] === dtype);
  if (known === undefined) throw new RangeError(`TF.js' ${dtype} has no datatype here`);
  return known;
}
