import { expect } from '@jest/globals';
import fc from 'fast-check';
import { allocate, type Datatype, elementCount, makeTensor, type Tensor } from '../../lib/core/tensor.js';
import type { Attributes } from '../../lib/importers/graph/attributes.js';
import type { Graph } from '../../lib/importers/graph/graph.js';
import { createGraphBuilder, type GraphBuilder, type GraphValue } from '../../lib/importers/graph/graph-builder.js';
import { topologyOf } from '../../lib/importers/graph/model-json.js';
import { createKernels } from '../../lib/kernels/kernels.js';
import { packingConstants } from '../../lib/plans/packing-constants.js';
import { planFor } from '../../lib/plans/planner.js';
import { readPlanGraph } from '../../lib/plans/read-plan-graph.js';
import { createReplay } from '../../lib/plans/replay.js';
import { runGraph } from '../importers/run-graph.js';

/** A model whose inputs are tensors like these, with any sizes, and whose outputs are what `build` makes of them. */
export function graphOf(
  given: readonly Tensor[],
  build: (builder: GraphBuilder, inputs: readonly GraphValue[]) => readonly GraphValue[],
): Graph {
  const builder = createGraphBuilder();
  const inputs = given.map(({ datatype, shape }, index) =>
    builder.input({ name: `x${index}`, datatype, shape: shape.map(() => -1) }),
  );
  return builder.finish(build(builder, inputs).map((value, index) => ({ name: `y${index}`, value })));
}

/** One heap for all graphs, the last of which can be run. */
const shared = createKernels();

/** Plans a graph for the inputs it is called with, all plans in one heap. */
export async function openPlanned(graph: Graph): Promise<(inputs: readonly Tensor[]) => Tensor[]> {
  const kernels = await shared;
  const { signature } = graph;
  const read = readPlanGraph({ modelTopology: topologyOf(graph) }, signature);
  const constants = packingConstants(kernels, graph.constants);
  const replay = createReplay(kernels);
  return (inputs) => {
    const named = new Map(inputs.map((input, index) => [signature.inputs[index]?.name ?? '', input]));
    const plan = planFor(read, constants, new Map([...named].map(([name, { shape }]) => [name, shape])));
    return replay.run(plan, named);
  };
}

/** The kernels that a graph's plan calls. */
export async function callsOf(graph: Graph, inputs: readonly Tensor[]): Promise<string[]> {
  const read = readPlanGraph({ modelTopology: topologyOf(graph) }, graph.signature);
  const shapes = new Map(inputs.map(({ shape }, index) => [graph.signature.inputs[index]?.name ?? '', shape]));
  return planFor(read, packingConstants(await shared, graph.constants), shapes).calls.map(({ kernel }) => kernel);
}

/** Something that a graph of one op is tried with. */
export interface Trial {
  readonly op: string;
  readonly attr?: Attributes;
  /** Of one batch and of another; they have the same ranks. */
  readonly batches: readonly (readonly Tensor[])[];
  /** Where the given tensors are among the op's inputs; before them stand `before`, behind them `behind`. */
  readonly before?: readonly Tensor[];
  readonly behind?: readonly Tensor[];
  /** Types of the outputs. */
  readonly yields?: readonly Datatype[];
}

/** The plan's answers are those of TF.js' cpu backend, whichever batch comes after which. */
export async function expectAgreement(trial: Trial, tolerance = 1e-5): Promise<void> {
  const { op, attr = {}, batches, before = [], behind = [], yields = ['FP32'] } = trial;
  const graph = graphOf(batches[0] ?? [], (builder, inputs) => {
    const constants = (tensors: readonly Tensor[]) => tensors.map((tensor) => builder.constant(tensor, 'constant'));
    const all = [...constants(before), ...inputs, ...constants(behind)];
    return builder.nodes(
      op,
      all,
      attr,
      yields.map((datatype) => ({ datatype, shape: [] })),
    );
  });
  await expectGraphAgreement(graph, batches, tolerance);
}

export async function expectGraphAgreement(
  graph: Graph,
  batches: readonly (readonly Tensor[])[],
  tolerance = 1e-5,
): Promise<void> {
  const run = await openPlanned(graph);
  for (const inputs of [...batches, ...batches.slice(0, 1)]) {
    const found = run(inputs);
    // TF.js fails at some tensors without numbers.
    if (found.some(({ data }) => data.length === 0)) continue;
    const outputs = graph.signature.outputs.map((spec, index) => ({
      ...spec,
      shape: (found[index]?.shape ?? []).map(() => -1),
    }));
    const expected = await runGraph({ ...graph, signature: { ...graph.signature, outputs } }, inputs, 'cpu');
    expect(found.map(({ datatype, shape }) => ({ datatype, shape }))).toEqual(
      expected.map(({ datatype, shape }) => ({ datatype, shape })),
    );
    expect(differences(found, expected, tolerance)).toEqual([]);
  }
}

/** Where numbers differ by more than the tolerance, relative to max(1, |expected|). */
function differences(found: readonly Tensor[], expected: readonly Tensor[], tolerance: number): string[] {
  return expected.flatMap(({ data }, output) =>
    [...data].flatMap((wanted, index) => {
      const number = found[output]?.data[index] as number;
      if (Object.is(number, wanted) || number === wanted) return [];
      const difference = Math.abs(number - wanted) / Math.max(1, Math.abs(wanted));
      return difference <= tolerance ? [] : [`${output}[${index}]: ${number} instead of ${wanted}`];
    }),
  );
}

export const tensorOf = (datatype: Datatype, shape: readonly number[], numbers: readonly number[]): Tensor => {
  const data = allocate(datatype, elementCount(shape));
  data.set(numbers);
  return makeTensor(datatype, shape, data);
};

export const integers = (...numbers: number[]): Tensor => tensorOf('INT32', [numbers.length], numbers);
export const integer = (number: number): Tensor => tensorOf('INT32', [], [number]);

/** A few numbers that each rank repeats: what counts is where they come to, and that they differ. */
const numbers: Readonly<Record<Datatype, fc.Arbitrary<number>>> = {
  FP32: fc.integer({ min: -2000, max: 2000 }).map((number) => number / 256),
  INT32: fc.integer({ min: -50, max: 50 }),
  BOOL: fc.integer({ min: 0, max: 1 }),
};

export const anyTensor = (datatype: Datatype, shape: readonly number[]): fc.Arbitrary<Tensor> =>
  fc
    .array(numbers[datatype], { minLength: elementCount(shape), maxLength: elementCount(shape) })
    .map((values) => tensorOf(datatype, shape, values));

export const anyShape = (minLength = 1, maxLength = 4): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength, maxLength });

/** A tensor, and one whose first axis is another batch. */
export const anyBatches = (datatype: Datatype, shape: readonly number[]): fc.Arbitrary<Tensor[][]> =>
  fc
    .integer({ min: 1, max: 6 })
    .chain((batch) => fc.tuple(anyTensor(datatype, shape), anyTensor(datatype, shape.with(0, batch))))
    .map((tensors) => tensors.map((tensor) => [tensor]));
