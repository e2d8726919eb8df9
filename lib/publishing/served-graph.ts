import type { Graph } from '../importers/graph/graph.js';
import { indexRanges } from '../importers/graph/index-ranges.js';
import { topologyOf, writeModelJson } from '../importers/graph/model-json.js';
import { unsupportedOps } from '../runtime/unsupported-ops.js';
import type { ImportedModel } from './imported-model.js';

/** What every model has that is served as a TF.js graph model. */
export function servedGraph(graph: Graph): Pick<ImportedModel, 'signature' | 'files' | 'range' | 'unsupported'> {
  const ranges = indexRanges(graph);
  return {
    signature: graph.signature,
    files: (quantization) => writeModelJson(graph, quantization),
    range: ({ name }) => {
      const below = ranges.get(name);
      return below === undefined ? undefined : { kind: 'whole', below };
    },
    unsupported: (backend) => unsupportedOps(topologyOf(graph), backend),
  };
}
