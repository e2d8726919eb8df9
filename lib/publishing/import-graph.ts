import type { Engine } from '../core/engine.js';
import type { TensorSpec } from '../core/tensor.js';
import type { Graph } from '../importers/graph/graph.js';
import { writeModelJson } from '../importers/graph/model-json.js';
import { optimise } from '../importers/graph/optimise.js';
import { ownScale } from '../importers/graph/own-scale.js';
import { type GraphSource, readGraph } from '../importers/graph/read-graph.js';
import { statedByRuns } from '../importers/graph/read-signature.js';
import { observeOutputs } from '../runtime/observe-outputs.js';
import type { ImportedModel } from './imported-model.js';
import { withDraft } from './load-draft.js';
import { type NumberRange, proofInputs } from './proof-inputs.js';
import { servedGraph } from './served-graph.js';

/** A graph model is taken as it is, but for folding and fusing; the source's own graph on the cpu backend is the proof. */
export async function importGraph(
  source: GraphSource,
  openEngine: (backend: string) => Promise<Engine>,
): Promise<ImportedModel> {
  const { graph: read, unstated } = readGraph(source);
  const graph = unstated.size === 0 ? read : await stateOutputs(read, unstated);
  const original = { files: writeModelJson(graph), signature: graph.signature };
  return {
    ...servedGraph(optimise(graph)),
    ownScale: ownScale(graph),
    source: { format: 'tfjs-graph' },
    reference: {
      by: "the source's graph on TensorFlow.js' cpu backend",
      predict: async (inputs) => withDraft(await openEngine('cpu'), original, (model) => model.predict(inputs)),
    },
  };
}

/** Fills in the outputs whose shapes the file does not state, from two runs. */
async function stateOutputs(graph: Graph, unstated: ReadonlySet<string>): Promise<Graph> {
  const names = [...unstated];
  const { range } = servedGraph(graph);
  const files = writeModelJson(graph);
  const draw = (spec: TensorSpec): NumberRange =>
    range(spec) ?? (spec.datatype === 'FP32' ? { kind: 'normal' } : { kind: 'whole', below: 10 });
  const run = (batch: number, size: number) => {
    const inputs = proofInputs(graph.signature.inputs, { seed: 1, batch, size, range: draw });
    return observeOutputs(files, inputs, names);
  };
  const [first, second] = [await run(1, 64), await run(2, 96)];
  const outputs = graph.signature.outputs.map((spec) => {
    const [a, b] = [first.get(spec.name), second.get(spec.name)];
    return a === undefined || b === undefined ? spec : statedByRuns(spec.name, a, b);
  });
  return { ...graph, signature: { ...graph.signature, outputs } };
}
