import { invalidInput } from '../../core/errors.js';
import type { Signature, TensorSpec } from '../../core/tensor.js';
import { nodeOf } from './graph.js';
import { type Entry, inputSpec, type NodeDef, outputSpec, type TensorInfo } from './signature-entry.js';

export type { NodeDef } from './signature-entry.js';

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
