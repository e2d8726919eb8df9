import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidInput, ModeletError } from '../core/errors.js';
import type { Signature, TensorSpec } from '../core/tensor.js';
import { type TfDatatype, tfDatatype } from '../core/tf-datatypes.js';
import { protoBytes, protoFields, protoMap, protoNumber, protoText } from './protobuf.js';

/** Where a SavedModel's graph takes or gives a tensor of the signature. */
export interface SavedTensor {
  readonly name: string;
  /** `serving_default_x:0`. */
  readonly tensor: string;
  readonly dtype: TfDatatype;
}

export interface SavedModelSignature {
  readonly tags: string[];
  readonly signatureName: string;
  readonly signature: Signature;
  readonly inputs: readonly SavedTensor[];
  readonly outputs: readonly SavedTensor[];
  /** Outputs of unknown rank: they stand as [] until a run tells. */
  readonly unstated: ReadonlySet<string>;
}

/** Which of a SavedModel's graphs and signatures: as the manifest's `savedModel`. */
export interface SavedModelChoice {
  readonly tags: readonly string[];
  readonly signature: string;
}

/** The official converter's command that makes a TF.js graph model of a SavedModel. */
export function convertCommand({ tags, signature }: SavedModelChoice, folder: string, out: string): string {
  return (
    'tensorflowjs_converter --input_format=tf_saved_model --output_format=tfjs_graph_model ' +
    `--signature_name=${signature} --saved_model_tags=${tags.join(',')} ${folder} ${out}`
  );
}

/**
 * What a SavedModel serves: its graph tagged `serve`, that one's `serving_default`, or the only one that there is.
 * @param folder holds `saved_model.pb`
 * @throws INVALID_INPUT when there is no such file, it is damaged, or what to serve can't be told or fed
 */
export async function inspectSavedModel(folder: string): Promise<SavedModelSignature> {
  const bytes = await readFile(join(folder, 'saved_model.pb')).catch((cause) => {
    const message = `${folder} has no readable saved_model.pb; give the folder that TensorFlow's save() made`;
    throw new ModeletError('INVALID_INPUT', message, { cause });
  });
  return savedModelSignature(bytes);
}

/**
 * As `inspectSavedModel`, of the content of `saved_model.pb`. Numbers of fields are those of TensorFlow's saved_model.proto and
 * meta_graph.proto.
 * @param choice which graph and signature; by the rule above without it
 */
export function savedModelSignature(bytes: Uint8Array, choice?: SavedModelChoice): SavedModelSignature {
  try {
    const graphs = protoBytes(bytes, 2).map((graph) => ({
      tags: protoBytes(graph, 1).flatMap((info) => protoBytes(info, 4).map((tag) => Buffer.from(tag).toString())),
      signatures: protoMap(graph, 5),
    }));
    const { tags, signatures } = chosenGraph(graphs, choice);
    const [signatureName, definition] = chosenSignature(signatures, choice);
    return { tags, signatureName, ...readDefinition(definition) };
  } catch (cause) {
    if (cause instanceof ModeletError) throw cause;
    throw new ModeletError('INVALID_INPUT', 'saved_model.pb is damaged; export the model again', { cause });
  }
}

interface MetaGraph {
  readonly tags: string[];
  readonly signatures: Map<string, Uint8Array>;
}

function chosenGraph(graphs: readonly MetaGraph[], choice: SavedModelChoice | undefined): MetaGraph {
  const wanted = [...(choice?.tags ?? ['serve'])].sort().join();
  const exact = graphs.find(({ tags }) => [...tags].sort().join() === wanted);
  const only = choice === undefined && graphs.length === 1 ? graphs[0] : undefined;
  const found = exact ?? only;
  if (found !== undefined) return found;
  const there = graphs.map(({ tags }) => `[${tags.join(', ')}]`).join(', ');
  throw invalidInput('', `saved_model.pb has no graph tagged [${wanted}] (${there || 'none'}); save it with that tag`);
}

function chosenSignature(all: ReadonlyMap<string, Uint8Array>, choice?: SavedModelChoice): [string, Uint8Array] {
  // `__saved_model_init_op` and the like are TensorFlow's own.
  const signatures = [...all].filter(([name]) => !name.startsWith('__saved_model'));
  const wanted = choice?.signature ?? 'serving_default';
  const found = signatures.find(([name]) => name === wanted);
  const only = choice === undefined && signatures.length === 1 ? signatures[0] : undefined;
  const chosen = found ?? only;
  if (chosen !== undefined) return chosen;
  const there = signatures.map(([name]) => name).join(', ');
  const problem = there === '' ? 'has no signature' : `has no signature '${wanted}', but ${there}`;
  throw invalidInput('', `the SavedModel ${problem}; save the one to serve as serving_default`);
}

function readDefinition(
  definition: Uint8Array,
): Pick<SavedModelSignature, 'signature' | 'inputs' | 'outputs' | 'unstated'> {
  const unstated = new Set<string>();
  const read = (field: 1 | 2) => {
    const kind = field === 1 ? 'input' : 'output';
    const entries = [...protoMap(definition, field)].map(([name, info]) => {
      const tensor: SavedTensor = { name, tensor: protoText(info, 1), dtype: tfDatatype(protoNumber(info, 2)) };
      const shape = shapeOf(info);
      if (shape === undefined && field === 2) unstated.add(name);
      return { tensor, spec: specOf(kind, tensor, field === 2 ? (shape ?? []) : shape) };
    });
    return { tensors: entries.map(({ tensor }) => tensor), specs: entries.map(({ spec }) => spec) };
  };
  const [inputs, outputs] = [read(1), read(2)];
  if (outputs.specs.length === 0)
    throw invalidInput('', 'the signature has no output; save one that answers something');
  const signature = { inputs: inputs.specs, outputs: outputs.specs };
  return { signature, inputs: inputs.tensors, outputs: outputs.tensors, unstated };
}

function specOf(kind: string, { name, tensor, dtype }: SavedTensor, shape: readonly number[] | undefined): TensorSpec {
  const refused = (problem: string) => invalidInput('', `${kind} '${name}' ${problem}`);
  if (tensor === '') throw refused('is a sparse or composite tensor; save a signature that takes dense ones');
  if (dtype.datatype === undefined) {
    throw refused(`is of type ${dtype.name}; save a signature of numbers and booleans, and do the rest in a task`);
  }
  if (shape === undefined) {
    throw refused('is of unknown rank, so no request could be checked; save a signature that says its shape');
  }
  return { name, datatype: dtype.datatype, shape };
}

/** Undefined where the rank is unknown. A dimension whose size is left out is one of size 0. */
function shapeOf(info: Uint8Array): number[] | undefined {
  const shape = protoBytes(info, 3).at(-1);
  if (shape === undefined || protoNumber(shape, 3) !== 0) return undefined;
  const sizes: number[] = [];
  for (const { number, value } of protoFields(shape)) {
    if (number === 2 && typeof value !== 'bigint') sizes.push(protoNumber(value, 1));
  }
  return sizes;
}
