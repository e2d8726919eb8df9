import { collapseIdentities } from './collapse-identities.js';
import { expandBatchNorm } from './expand-batch-norm.js';
import { foldAndFuse } from './fold-and-fuse.js';
import { type Graph, prune } from './graph.js';
import { hoistElementwise } from './hoist-elementwise.js';

/**
 * The same function in fewer kernels: batch normalization folded into the product before it, bias and the activations that
 * every backend fuses exactly (relu, relu6) inside the product's own kernel. Publish proves the result, as all it writes.
 */
export function optimise(graph: Graph): Graph {
  const passes = [expandBatchNorm, collapseIdentities, hoistElementwise, foldAndFuse, prune];
  return passes.reduce((result, pass) => pass(result), graph);
}
