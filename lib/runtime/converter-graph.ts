import type { GraphModel } from '@tensorflow/tfjs-converter';
import type * as tf from '@tensorflow/tfjs-core';

/** A node of TF.js' executor (tfjs-converter/dist/operations/types). */
export interface ExecutorNode {
  readonly name: string;
  op: string;
  /** Which executor runs it; undefined for an op that the converter does not know. */
  category?: string;
  readonly inputs: readonly ExecutorNode[];
  /** Protobuf's JSON: text is base64, whole numbers are text. */
  readonly rawAttrs?: Readonly<Record<string, Attribute | undefined>>;
}

interface Attribute {
  readonly type?: unknown;
  readonly s?: unknown;
  readonly b?: unknown;
  readonly i?: unknown;
  readonly list?: { readonly i?: readonly unknown[] };
}

export interface ExecutorGraph {
  readonly nodes: Readonly<Record<string, ExecutorNode>>;
  readonly functions?: Readonly<Record<string, ExecutorGraph>>;
}

/** The graph as TF.js' executor has it: private there, and the only place that tells what it makes of a node. */
export function executorGraph(model: GraphModel<tf.io.IOHandler | tf.io.IOHandlerSync>): ExecutorGraph {
  return (model as unknown as { executor: { graph: ExecutorGraph } }).executor.graph;
}

/** TF.js' executors of control flow and of shapes that depend on values: they return promises. */
const asynchronous = new Set(['control', 'dynamic', 'hash_table']);

/** Whether nodes need `executeAsync`, which is far slower than `execute`. */
export function isAsynchronous(needed: readonly ExecutorNode[]): boolean {
  return needed.some(({ category }) => asynchronous.has(category ?? ''));
}

/** The nodes that these need, themselves included. */
export function neededNodes(graph: ExecutorGraph, names: readonly string[]): ExecutorNode[] {
  const seen = new Set<ExecutorNode>();
  const pending = names.map((name) => graph.nodes[name]);
  while (pending.length > 0) {
    const node = pending.pop();
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    pending.push(...node.inputs);
  }
  return [...seen];
}

/**
 * TF.js runs `If` and `StatelessIf` alike, but forgets the first in its list of control flow, and so prints at each predict that
 * the model has none.
 */
export function nameIf(graph: ExecutorGraph): void {
  for (const node of Object.values(graph.nodes)) if (node.op === 'If') node.op = 'StatelessIf';
}

/** The nodes of functions, which control flow runs. */
export function allNodes(functions: ExecutorGraph['functions']): ExecutorNode[] {
  return Object.values(functions ?? {}).flatMap(({ nodes }) => Object.values(nodes));
}
