import { invalidInput } from '../../core/errors.js';
import type { TensorSpec } from '../../core/tensor.js';
import { tfDatatype } from '../../core/tf-datatypes.js';

/** The parts of a GraphDef node, as a TF.js `model.json` holds it, that tell inputs and outputs. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

/** An entry of a TF.js model's signature (protobuf's TensorInfo); old converters leave out what they please. */
export interface TensorInfo {
  readonly name?: string;
  readonly dtype?: unknown;
  readonly tensorShape?: ShapeProto;
}

interface ShapeProto {
  readonly dim?: readonly { readonly size?: string | number }[];
  readonly unknownRank?: boolean;
}

/** An entry under its public name. */
export interface Entry extends TensorInfo {
  readonly name: string;
  readonly tensor: string;
}

/** @throws INVALID_INPUT for a type that we have no tensors of, and a rank that nothing tells */
export function inputSpec(entry: Entry, node: NodeDef): TensorSpec {
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

/**
 * Undefined where the file does not state it.
 * @throws INVALID_INPUT for a type that we have no tensors of
 */
export function outputSpec(entry: Entry, node: NodeDef): TensorSpec | undefined {
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
    const sizes = (shape.dim ?? []).map(({ size }) => Number(size ?? 0));
    if (sizes.every((size) => Number.isInteger(size) && size >= -1)) return sizes;
  }
  return undefined;
}

function attribute(node: NodeDef, name: string, kind: string): unknown {
  return (node.attr?.[name] as Readonly<Record<string, unknown>> | undefined)?.[kind];
}
