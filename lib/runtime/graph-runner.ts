import { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type { Manifest } from '../core/manifest.js';
import type { Tensor, Tensors } from '../core/tensor.js';
import { tfDatatype } from '../core/tf-datatypes.js';
import { executorGraph, isAsynchronous, nameIf, neededNodes } from './converter-graph.js';
import { repairConverter } from './converter-repairs.js';
import { checkInt64 } from './int64-ops.js';
import type { Graph } from './model-artifacts.js';
import { checkedOutput, checkInput, type Runner, tfjsDtypes } from './runner.js';
import { findUnsupported, unsupportedError } from './unsupported-ops.js';

/** Public name → the graph's tensor, `node:output`. */
type GraphSignature = Readonly<
  Partial<Record<'inputs' | 'outputs', Readonly<Record<string, { readonly name?: string }>>>>
>;

/** The node behind a public name. */
function signatureNode({ artifacts }: Graph, kind: 'inputs' | 'outputs', name: string): string {
  const tensor = (artifacts.signature as GraphSignature | undefined)?.[kind]?.[name]?.name ?? name;
  return tensor.split(':', 1)[0] as string;
}

export const outputNode = (graph: Graph, name: string): string => signatureNode(graph, 'outputs', name);

/**
 * A TF.js graph model. It runs in one go where its graph allows that; one with control flow or data-dependent shapes needs
 * `executeAsync`, which is far slower.
 * @param weights are the runner's from now on; it frees them
 * @param backend TF.js' name of the one that is to run it
 * @throws MODEL_UNAVAILABLE or MODEL_CORRUPT for an op that would not answer rightly there, and what TF.js throws for a graph or
 *   weights that it can't read
 */
export function createGraphRunner(
  { model: name, version, signature }: Manifest,
  graph: Graph,
  weights: tf.NamedTensorMap,
  backend: string,
): Runner {
  repairConverter();
  // In place of the decoder which makes tensors of `weightData`: of that the model would keep a copy.
  const io = { decodeWeights: () => weights } as unknown as typeof tf.io;
  const model = new GraphModel({ load: () => graph.artifacts }, {}, io);
  model.load();
  const nodes = executorGraph(model);
  nameIf(nodes);
  const inputs = signature.inputs.map(({ name, datatype }) => {
    const placeholder = nodes.nodes[signatureNode(graph, 'inputs', name)];
    return { name, dtype: tfjsDtypes[datatype], range: tfDatatype(placeholder?.rawAttrs?.dtype?.type).range };
  });
  const outputNames = signature.outputs.map(({ name }) => name);
  const outputNodes = outputNames.map((name) => outputNode(graph, name));
  const needed = neededNodes(nodes, outputNodes);
  const unsupported = findUnsupported(nodes, needed, backend);
  if (unsupported.length > 0) {
    model.dispose();
    throw unsupportedError(`${name}@${version}`, unsupported);
  }
  checkInt64(nodes);

  const feed = (values: Tensors): tf.NamedTensorMap => {
    const feeds: tf.NamedTensorMap = {};
    for (const { name, dtype, range } of inputs) {
      const input = values.get(name) as Tensor;
      checkInput(name, input, range);
      feeds[name] = tf.tensor(input.data, input.shape as number[], dtype);
    }
    return feeds;
  };
  const read = (results: tf.Tensor | tf.Tensor[]): Tensor[] => {
    const tensors = [results].flat();
    return signature.outputs.map((spec, index) => {
      const { dtype, shape } = tensors[index] as tf.Tensor;
      return checkedOutput(spec, { dtype, shape, data: (tensors[index] as tf.Tensor).dataSync() });
    });
  };
  return {
    run: isAsynchronous(needed)
      ? (values) => scoped(async () => read(await model.executeAsync(feed(values), outputNames)))
      : (values) => {
          let outputs: Tensor[] = [];
          tf.tidy(() => {
            outputs = read(model.execute(feed(values), outputNames));
          });
          return outputs;
        },
    dispose: () => model.dispose(),
  };
}

/**
 * `tf.tidy` for work that awaits: all tensors made meanwhile are freed, also those that TensorLists of a run that failed have
 * marked as kept. Nothing else may use the engine until it is over (`inTurn`).
 */
async function scoped<T>(work: () => Promise<T>): Promise<T> {
  const engine = tf.engine();
  engine.startScope();
  try {
    return await work();
  } finally {
    for (const tensor of engine.state.activeScope.track) tensor.kept = false;
    engine.endScope();
  }
}
