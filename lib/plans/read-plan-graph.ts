import type { Signature } from '../core/tensor.js';
import { CannotPlan } from './cannot-plan.js';
import { orderNodes, type PlanGraph, type PlanNode, typeOf } from './plan-graph.js';

/** What of model.json's content planning reads; model-artifacts.ts has checked that it is there. */
export interface GraphFile {
  readonly modelTopology: object;
  readonly signature?: object | undefined;
}

type Entries = Readonly<Partial<Record<'inputs' | 'outputs', Readonly<Record<string, { readonly name?: string }>>>>>;

/**
 * The part of a TF.js graph model that its outputs need.
 * @throws CannotPlan for control flow, and inputs of types that plans don't have
 */
export function readPlanGraph({ modelTopology, signature }: GraphFile, { inputs, outputs }: Signature): PlanGraph {
  const tensor = (kind: 'inputs' | 'outputs', name: string): string =>
    (signature as Entries | undefined)?.[kind]?.[name]?.name ?? name;
  const nodes = ((modelTopology as { node?: readonly Partial<PlanNode>[] }).node ?? []).map(
    ({ name = '', op = '', input = [], attr = {} }): PlanNode => ({
      name,
      op,
      // A `^node` says only what comes first.
      input: input.filter((from) => !from.startsWith('^')),
      attr,
    }),
  );
  const results = outputs.map(({ name }) => ({ name, tensor: tensor('outputs', name) }));
  const ordered = orderNodes(nodes, results);
  const placeholders = new Map(ordered.filter(({ op }) => op === 'Placeholder').map((node) => [node.name, node]));
  const given = inputs.map(({ name, datatype }) => ({
    name,
    datatype,
    node: tensor('inputs', name).split(':', 1)[0] ?? '',
  }));
  for (const { node, datatype } of given) {
    const placeholder = placeholders.get(node);
    if (placeholder !== undefined && typeOf(placeholder, 'dtype') !== datatype)
      throw new CannotPlan(`${node} of another type`);
  }
  return { nodes: ordered, inputs: given, outputs: results };
}
