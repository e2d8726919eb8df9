import type { Datatype } from '../core/tensor.js';
import { CannotPlan } from './cannot-plan.js';

/** A node of a TF.js graph model; attributes in protobuf's JSON form. */
export interface PlanNode {
  readonly name: string;
  readonly op: string;
  /** `node`, or `node:1` for a further output. */
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, Attribute | undefined>>;
}

interface Attribute {
  readonly type?: unknown;
  readonly s?: unknown;
  readonly b?: unknown;
  readonly i?: unknown;
  readonly f?: unknown;
  readonly list?: { readonly i?: readonly unknown[]; readonly s?: readonly unknown[] };
}

/** The part of a graph that its outputs need. */
export interface PlanGraph {
  /** In an order in which each node stands behind those that it reads. */
  readonly nodes: readonly PlanNode[];
  /** Public name → placeholder. */
  readonly inputs: readonly GraphInput[];
  /** Public name → the tensor `node` or `node:1`. */
  readonly outputs: readonly { readonly name: string; readonly tensor: string }[];
}

export interface GraphInput {
  readonly name: string;
  readonly node: string;
  readonly datatype: Datatype;
}

/** TF.js holds int64 in 32 bits, too; ops whose results may need more say so themselves. */
const datatypes: Readonly<Record<string, Datatype>> = {
  DT_FLOAT: 'FP32',
  DT_INT32: 'INT32',
  DT_INT64: 'INT32',
  DT_BOOL: 'BOOL',
};

/** A type attribute. @throws CannotPlan for a type that plans don't have */
export function typeOf(node: PlanNode, name: string): Datatype {
  const type = node.attr[name]?.type;
  const datatype = datatypes[String(type)];
  if (datatype === undefined) throw new CannotPlan(`${node.op} on ${String(type)}`);
  return datatype;
}

export const flagOf = (node: PlanNode, name: string): boolean => node.attr[name]?.b === true;

/** A text, base64 as protobuf's JSON has `bytes`; empty where it is missing. */
export const textOf = (node: PlanNode, name: string): string => decoded(node.attr[name]?.s);

export const textsOf = (node: PlanNode, name: string): string[] => (node.attr[name]?.list?.s ?? []).map(decoded);

export const numberOf = (node: PlanNode, name: string, missing = 0): number => {
  const { f, i } = node.attr[name] ?? {};
  return f === undefined && i === undefined ? missing : Number(f ?? i);
};

export const integersOf = (node: PlanNode, name: string): number[] => (node.attr[name]?.list?.i ?? []).map(Number);

const decoded = (text: unknown): string =>
  typeof text === 'string' ? Buffer.from(text, 'base64').toString('utf8') : '';

/** `node:1` → `node` and 1. */
export function tensorRef(input: string): readonly [node: string, output: number] {
  const colon = input.indexOf(':');
  return colon === -1 ? [input, 0] : [input.slice(0, colon), Number(input.slice(colon + 1))];
}

/**
 * Brings nodes into the order in which they can be computed, and leaves out what no output needs.
 * @throws CannotPlan for a cycle (control flow) or a node that is missing
 */
export function orderNodes(nodes: readonly PlanNode[], outputs: PlanGraph['outputs']): PlanNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const ordered: PlanNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  // Its own stack: a deep network would exhaust that of JavaScript.
  const pending = outputs.map(({ tensor }) => tensorRef(tensor)[0]).reverse();
  while (pending.length > 0) {
    const name = pending[pending.length - 1] as string;
    const node = byName.get(name);
    if (node === undefined) throw new CannotPlan(`the node '${name}' is missing`);
    const missing = state.has(name)
      ? []
      : node.input.map((input) => tensorRef(input)[0]).filter((input) => state.get(input) !== 'done');
    if (missing.length > 0) {
      state.set(name, 'open');
      if (missing.some((input) => state.get(input) === 'open')) throw new CannotPlan('the graph has a loop');
      pending.push(...missing.reverse());
      continue;
    }
    pending.pop();
    if (state.get(name) === 'done') continue;
    const left = node.input.map((input) => tensorRef(input)[0]).filter((input) => state.get(input) !== 'done');
    if (left.length > 0) throw new CannotPlan('the graph has a loop');
    state.set(name, 'done');
    ordered.push(node);
  }
  return ordered;
}
