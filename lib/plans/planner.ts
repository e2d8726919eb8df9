import { type Draft, startDraft } from './building.js';
import { CannotPlan } from './cannot-plan.js';
import type { Constants } from './constants.js';
import { followEpilogue, type Surroundings } from './epilogue.js';
import type { Op, Planning } from './op.js';
import { ops } from './ops/ops.js';
import { isDivisible, partsOf } from './parts.js';
import type { Plan } from './plan.js';
import { type PlanGraph, type PlanNode, tensorRef } from './plan-graph.js';
import { type Drafted, settle } from './settle.js';
import { isPadded, noPadding, type Value } from './value.js';

/**
 * Plans a model for inputs of certain shapes; a batch whose intermediate tensors no cache holds is computed in equal parts.
 * @param shapes by the inputs' public names, each with its batch axis
 * @throws CannotPlan where TF.js has to run it
 */
export function planFor(graph: PlanGraph, constants: Constants, shapes: ReadonlyMap<string, readonly number[]>): Plan {
  const whole = draftFor(graph, constants, shapes);
  const parts = partsOf(graph, constants, shapes, whole);
  const part = parts === 1 ? undefined : partFor(graph, constants, shapes, parts);
  return part === undefined ? settle(whole, 1) : settle(part, parts);
}

/** The draft for a part of a batch; none where the graph, which may say a size of its own, takes no such part. */
function partFor(
  graph: PlanGraph,
  constants: Constants,
  shapes: ReadonlyMap<string, readonly number[]>,
  parts: number,
): Drafted | undefined {
  const smaller = new Map([...shapes].map(([name, [batch = 1, ...row]]) => [name, [batch / parts, ...row]]));
  try {
    const part = draftFor(graph, constants, smaller);
    return isDivisible(graph, constants, smaller, part) ? part : undefined;
  } catch (error) {
    if (error instanceof CannotPlan) return undefined;
    throw error;
  }
}

function draftFor(graph: PlanGraph, constants: Constants, shapes: ReadonlyMap<string, readonly number[]>): Drafted {
  const draft = startDraft(constants);
  const values = new Map<string, readonly Value[]>();
  const tensorOf = (input: string): Value | undefined => {
    const [name, output] = tensorRef(input);
    return values.get(name)?.[output];
  };
  const read = (input: string): Value => {
    const value = tensorOf(input);
    if (value === undefined) throw new CannotPlan(`there is no tensor '${input}'`);
    return value;
  };

  const { planning, isDone, lastOf } = startPlanning(graph, draft, tensorOf);
  const inputs = graph.inputs.map(({ name, node, datatype }) => {
    const value = draft.take(datatype, shapes.get(name) ?? []);
    draft.keep(value, 'start');
    values.set(node, [value]);
    return { name, value };
  });
  // Weights first: a kernel may take along what adds or multiplies by one, which stands behind it.
  for (const node of [...graph.nodes.filter(isWeight), ...graph.nodes]) {
    if (isDone(node) || values.has(node.name)) continue;
    const made = emit(node, node.input.map(read), planning);
    values.set(lastOf(node).name, made);
  }
  const outputs = graph.outputs.map(({ name, tensor }) => {
    const { datatype, shape } = read(tensor);
    return { name, value: { datatype, shape, address: draft.at(read(tensor)) } };
  });
  for (const { value } of outputs) draft.keep(value, 'end');
  return { draft, inputs, outputs, shapeOf: (node) => tensorOf(node)?.shape };
}

const isWeight = ({ op }: PlanNode): boolean => op === 'Const';

/**
 * Tells what needs no weights and no shapes to be told.
 * @throws CannotPlan
 */
export function checkOps({ nodes, inputs }: PlanGraph): void {
  const given = new Set(inputs.map(({ node }) => node));
  for (const node of nodes) if (!given.has(node.name) && !isWeight(node)) opOf(node);
}

function opOf(node: PlanNode): Op {
  const op = ops.get(node.op);
  if (op === undefined) throw new CannotPlan(`there is no plan for ${node.op}`);
  return op;
}

/** Types in which TensorFlow wraps where INT32 does not. */
const narrow = new Set(['DT_UINT8', 'DT_INT8', 'DT_UINT16', 'DT_INT16']);

/** Ops whose results can be larger than what went in: those of int64 need not fit INT32. */
const growing = new Set(
  'Add AddV2 AddN Sub Mul Square SquaredDifference Neg Pow Sum Prod Cumsum Cumprod BatchMatMul BatchMatMulV2'.split(
    ' ',
  ),
);

function checkType(node: PlanNode, inputs: readonly Value[]): void {
  const type = String(node.attr.T?.type);
  const wraps = type === 'DT_INT64' && growing.has(node.op) && inputs.some(({ known }) => known === undefined);
  if (narrow.has(type) || wraps) throw new CannotPlan(`${node.op} on ${type}`);
}

function emit(node: PlanNode, inputs: readonly Value[], planning: Planning): readonly Value[] {
  if (isWeight(node)) return [{ ...planning.constants.weight(node.name), weight: node.name }];
  const op = opOf(node);
  checkType(node, inputs);
  return [op.emit(node, inputs, planning)].flat();
}

/** What ops see of the graph around them. */
function startPlanning(graph: PlanGraph, draft: Draft, tensorOf: (input: string) => Value | undefined) {
  const readers = readersOf(graph);
  const results = new Set(graph.outputs.map(({ tensor }) => tensorRef(tensor)[0]));
  /** Nodes that an earlier one's kernel computes along. */
  const along = new Set<PlanNode>();
  const lasts = new Map<PlanNode, PlanNode>();
  const lastOf = (node: PlanNode): PlanNode => lasts.get(node) ?? node;
  const surroundings: Surroundings = {
    readers: ({ name }) => (results.has(name) ? [] : (readers.get(name) ?? [])),
    onlyReader: (node) => {
      const [reader, ...others] = surroundings.readers(node);
      return others.length > 0 || !reader?.input.includes(node.name) ? undefined : reader;
    },
    tensorOf,
  };
  const planning: Planning = {
    ...draft,
    ...surroundings,
    along: (node, behind, last) => {
      for (const next of behind) along.add(next);
      lasts.set(node, last);
    },
    epilogue: (node, shape, takes) => {
      const { taken, ...epilogue } = followEpilogue(node, shape, takes, surroundings);
      planning.along(node, taken, epilogue.last);
      return epilogue;
    },
    output: (node, shape) => {
      const { name } = lastOf(node);
      const images = shape.length === 4 ? (readers.get(name) ?? []).filter(({ input }) => input[0] === name) : [];
      const wanted = images.map((reader) => ops.get(reader.op)?.wants?.(reader, shape, draft.constants) ?? noPadding);
      // Readers that want another one copy it, which they would have to do without a border, too.
      return draft.take('FP32', shape, wanted.find(isPadded));
    },
  };
  return { planning, isDone: (node: PlanNode) => along.has(node), lastOf };
}

/** Node → whatever reads one of its outputs, once an input. */
function readersOf({ nodes }: PlanGraph): ReadonlyMap<string, readonly PlanNode[]> {
  const readers = new Map<string, PlanNode[]>();
  for (const node of nodes) {
    for (const input of node.input) {
      const [name] = tensorRef(input);
      const known = readers.get(name);
      if (known === undefined) readers.set(name, [node]);
      else known.push(node);
    }
  }
  return readers;
}
