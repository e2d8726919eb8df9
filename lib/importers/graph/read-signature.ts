import { invalidInput } from '../../core/errors.js';
import type { Signature, TensorSpec } from '../../core/tensor.js';
import { tfDatatype } from '../../core/tf-datatypes.js';
import { nodeOf } from './graph.js';

/** The parts of a GraphDef node, as a TF.js `model.json` holds it, that tell inputs and outputs. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

/** An entry of a TF.js model's signature (protobuf's TensorInfo); old converters leave out what they please. */
interface TensorInfo {
  readonly name?: string;
  readonly dtype?: unknown;
  readonly tensorShape?: ShapeProto;
}

interface ShapeProto {
  readonly dim?: readonly { readonly size?: string | number }[];
  readonly unknownRank?: boolean;
}

export interface SignatureSource {
  readonly inputs?: Readonly<Record<string, TensorInfo>>;
  readonly outputs?: Readonly<Record<string, TensorInfo>>;
}

export interface GraphSignature {
  readonly signature: Signature;
  /** Public name → the graph's tensor, `node:output`; the signature of a `model.json` that we write must say the same. */
  readonly inputTensors: ReadonlyMap<string, string>;
  readonly outputTensors: ReadonlyMap<string, string>;
  /** Outputs whose shape or datatype the file does not state (they stand as FP32 []): `statedByRuns` fills them in. */
  readonly unstated: ReadonlySet<string>;
}

/**
 * What a TF.js graph model takes and gives, in the source's order and by its names, their `:0` dropped. Without a signature the
 * inputs are the placeholders and the outputs the nodes that nothing consumes, as TF.js takes them.
 * @param nodes `modelTopology.node`
 * @param source `userDefinedMetadata.signature`, or else `signature`
 * @param outputKeys `userDefinedMetadata.structuredOutputKeys`: the names that the model's author gave the outputs, in order
 * @throws INVALID_INPUT naming the input or output that can't be served, and what to do
 */
export function graphSignature(
  nodes: readonly NodeDef[],
  source: SignatureSource | null | undefined,
  outputKeys?: readonly string[] | null,
): GraphSignature {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const inputs = entriesOf(source?.inputs) ?? nodes.filter(({ op }) => op === 'Placeholder').map(tensorOf);
  const found = entriesOf(source?.outputs) ?? sinks(nodes).map(tensorOf);
  const named = outputKeys?.length === found.length && new Set(outputKeys).size === found.length;
  const outputs = named ? found.map((entry, index) => ({ ...entry, name: outputKeys[index] as string })) : found;
  if (outputs.length === 0) throw invalidInput('', 'the graph has no output; convert the model again with a signature');
  for (const entry of [...inputs, ...outputs]) {
    if (byName.has(nodeOf(entry.tensor))) continue;
    throw invalidInput('', `the signature names '${entry.tensor}', which the graph lacks; convert the model again`);
  }
  checkFed(byName, inputs, outputs);
  const unstated = new Set<string>();
  const inputSpecs = inputs.map((entry) => inputSpec(entry, byName.get(nodeOf(entry.tensor)) as NodeDef));
  const outputSpecs = outputs.map((entry) => {
    const stated = outputSpec(entry, byName.get(nodeOf(entry.tensor)) as NodeDef);
    if (stated === undefined) unstated.add(entry.name);
    return stated ?? { name: entry.name, datatype: 'FP32' as const, shape: [] };
  });
  const tensorsOf = (entries: readonly Entry[]) => new Map(entries.map(({ name, tensor }) => [name, tensor]));
  return {
    signature: { inputs: inputSpecs, outputs: outputSpecs },
    inputTensors: tensorsOf(inputs),
    outputTensors: tensorsOf(outputs),
    unstated,
  };
}

/** An output's spec from what it was in two runs of different batch size: a size that differs is one of any size. */
export function statedByRuns(
  name: string,
  first: Omit<TensorSpec, 'name'>,
  second: Omit<TensorSpec, 'name'>,
): TensorSpec {
  if (first.shape.length !== second.shape.length || first.datatype !== second.datatype) {
    throw invalidInput('', `output '${name}' changes its rank with the input; convert the model with a signature`);
  }
  const shape = first.shape.map((size, axis) => (size === second.shape[axis] ? size : -1));
  return { name, datatype: first.datatype, shape };
}

interface Entry extends TensorInfo {
  readonly name: string;
  readonly tensor: string;
}

function entriesOf(infos: SignatureSource['inputs']): Entry[] | undefined {
  const keys = Object.keys(infos ?? {});
  if (infos === undefined || keys.length === 0) return undefined;
  const short = keys.map((key) => key.replace(/:0$/, ''));
  const unique = new Set(short).size === keys.length;
  return keys.map((key, index) => {
    const info = infos[key] as TensorInfo;
    return { ...info, name: unique ? (short[index] as string) : key, tensor: info.name ?? key };
  });
}

const tensorOf = ({ name }: NodeDef): Entry => ({ name, tensor: `${name}:0` });

/** Nodes that nothing consumes, but for those that are there for their effect or are not computed at all. */
function sinks(nodes: readonly NodeDef[]): NodeDef[] {
  const consumed = new Set(nodes.flatMap(({ input }) => (input ?? []).map(nodeOf)));
  const silent = ['NoOp', 'Assert', 'Const', 'Placeholder'];
  return nodes.filter(({ name, op }) => !consumed.has(name) && !silent.includes(op));
}

/** A placeholder that an output needs and the signature does not name could never be fed. */
function checkFed(byName: ReadonlyMap<string, NodeDef>, inputs: readonly Entry[], outputs: readonly Entry[]): void {
  const fed = new Set(inputs.map(({ tensor }) => nodeOf(tensor)));
  const seen = new Set<string>();
  const pending = outputs.map(({ tensor }) => nodeOf(tensor));
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const node = byName.get(name);
    if (seen.has(name) || fed.has(name) || node === undefined) continue;
    seen.add(name);
    if (node.op === 'Placeholder') {
      throw invalidInput('', `the graph needs '${name}', which its signature leaves out; convert it with that input`);
    }
    pending.push(...(node.input ?? []).map(nodeOf));
  }
}

function inputSpec(entry: Entry, node: NodeDef): TensorSpec {
  const { name } = entry;
  const dtype = tfDatatype(entry.dtype ?? attribute(node, 'dtype', 'type'));
  if (dtype.datatype === undefined) {
    const todo = 'modelet feeds numbers and booleans: leave that part out of the exported model, and do it in a task';
    throw invalidInput('', `input '${name}' is of type ${dtype.name}; ${todo}`);
  }
  const shape = shapeOf(entry, node);
  if (shape === undefined) {
    const todo = 'export the model with a shape for it (None where a size may vary) and convert it again';
    throw invalidInput('', `input '${name}' is of unknown rank, so no request could be checked; ${todo}`);
  }
  return { name, datatype: dtype.datatype, shape };
}

function outputSpec(entry: Entry, node: NodeDef): TensorSpec | undefined {
  const { name } = entry;
  const dtype = entry.dtype === undefined ? undefined : tfDatatype(entry.dtype);
  if (dtype !== undefined && dtype.datatype === undefined) {
    throw invalidInput(
      '',
      `output '${name}' is of type ${dtype.name}; modelet answers numbers and booleans: leave it out`,
    );
  }
  const shape = shapeOf(entry, node);
  return dtype?.datatype === undefined || shape === undefined ? undefined : { name, datatype: dtype.datatype, shape };
}

/** As the signature says it, or the placeholder, or what TensorFlow inferred (`_output_shapes`). */
function shapeOf({ tensor, tensorShape }: Entry, node: NodeDef): number[] | undefined {
  const inferred = (attribute(node, '_output_shapes', 'list') as { shape?: ShapeProto[] } | undefined)?.shape;
  const output = Number(tensor.split(':')[1] ?? 0);
  const own = node.op.startsWith('Placeholder')
    ? (attribute(node, 'shape', 'shape') as ShapeProto | undefined)
    : undefined;
  for (const shape of [tensorShape, own, inferred?.[output]]) {
    if (shape === undefined || shape === null || shape.unknownRank === true) continue;
    return (shape.dim ?? []).map(({ size }) => Number(size ?? 0));
  }
  return undefined;
}

function attribute(node: NodeDef, name: string, kind: string): unknown {
  return (node.attr?.[name] as Readonly<Record<string, unknown>> | undefined)?.[kind];
}
