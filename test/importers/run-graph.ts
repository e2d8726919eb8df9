import type { Tensor } from '../../lib/core/tensor.js';
import type { Graph } from '../../lib/importers/graph/graph.js';
import { writeModelJson } from '../../lib/importers/graph/model-json.js';
import { withDraft } from '../../lib/publishing/load-draft.js';
import { openEngine } from '../support/engine.js';

/** Runs a graph as it would be served: written, read back, and computed by our engine on a backend, whose guards count. */
export async function runGraph(graph: Graph, inputs: readonly Tensor[], backend: string): Promise<Tensor[]> {
  const { signature } = graph;
  const named = new Map(inputs.map((input, index) => [signature.inputs[index]?.name ?? '', input]));
  return withDraft(await openEngine(backend), { files: writeModelJson(graph), signature }, async (model) => {
    const outputs = await model.predict(named);
    return signature.outputs.map(({ name }) => outputs.get(name) as Tensor);
  });
}
