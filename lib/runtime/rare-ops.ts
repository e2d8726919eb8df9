/**
 * Makes TF.js know ops that a function's bundle keeps in a chunk of its own; to be awaited before a graph is read.
 * serverless/slim-tensorflow.ts puts another module in this one's place there. Elsewhere TF.js is whole.
 * @param _ops of the graph, as its nodes name them
 */
export async function bringRareOps(_ops: readonly string[]): Promise<void> {}
