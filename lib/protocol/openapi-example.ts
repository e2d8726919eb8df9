import { exampleSpecs } from '../core/batching.js';
import type { Manifest } from '../core/manifest.js';
import { nestedFromTensor } from '../core/nested-numbers.js';
import { readStoredTensors } from '../core/stored-tensor.js';
import { stack, type Tensor, type Tensors, unstack } from '../core/tensor.js';

/** Numbers that an example may hold: it is there to be read and sent, and every caller loads all of them. Less than are in a file. */
const longest = 4096;

export interface GoldenExample {
  /** Without the batch axis. */
  readonly example: Tensors;
  /** As the network takes it. */
  readonly batch: Tensors;
}

/**
 * The first example of a version's golden input, which the version has been proven with.
 * @returns undefined where it is too long to show
 */
export function goldenExample({ signature, golden }: Manifest): GoldenExample | undefined {
  if (golden.inputs.some(({ file }) => file !== undefined)) return undefined;
  const stored = readStoredTensors(golden.inputs);
  const hasBatchAxis = exampleSpecs(signature) !== signature.inputs;
  const example = hasBatchAxis ? mapped(stored, (tensor) => unstack(tensor)[0] as Tensor) : stored;
  const count = [...example.values()].reduce((sum, { data }) => sum + data.length, 0);
  if (count > longest) return undefined;
  return { example, batch: hasBatchAxis ? mapped(example, (tensor) => stack([tensor])) : stored };
}

const mapped = (tensors: Tensors, change: (tensor: Tensor) => Tensor): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [name, change(tensor)]));

/** Nested numbers, those of FP32 without the digits that a double adds. */
export function shortNested(tensor: Tensor): unknown {
  const shorten = (node: unknown): unknown =>
    Array.isArray(node) ? node.map(shorten) : typeof node === 'number' ? Number(node.toPrecision(9)) : node;
  return tensor.datatype === 'FP32' ? shorten(nestedFromTensor(tensor)) : nestedFromTensor(tensor);
}

/** One tensor bare, several by name. */
export function bareExample(tensors: Tensors): unknown {
  const values = [...tensors].map(([name, tensor]): [string, unknown] => [name, shortNested(tensor)]);
  return values.length === 1 ? values[0]?.[1] : Object.fromEntries(values);
}
