/**
 * Tensors as they cross the borders of tasks, protocols and engines: plain typed arrays in row-major order, never an engine's
 * own handles. Datatypes carry the names of the Open Inference Protocol V2 ("Tensor Data Types").
 */
export const arrayOf = { FP32: Float32Array, INT32: Int32Array, BOOL: Uint8Array } as const;

export type Datatype = keyof typeof arrayOf;

interface DataOf {
  readonly FP32: Float32Array;
  readonly INT32: Int32Array;
  readonly BOOL: Uint8Array;
}

export type Tensor = {
  [D in Datatype]: { readonly datatype: D; readonly shape: readonly number[]; readonly data: DataOf[D] };
}[Datatype];

/** Tensors by name, in the order of the signature. A Map, so that no name is special (`__proto__`). */
export type Tensors = ReadonlyMap<string, Tensor>;

/** One named input or output of a model. A dimension of -1 takes any size. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** The number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether a concrete shape is one that the spec allows. */
export function fitsShape(spec: readonly number[], shape: readonly number[]): boolean {
  return spec.length === shape.length && spec.every((size, axis) => size === -1 || size === shape[axis]);
}

/** `[any, 28, 28, 1]`, for messages. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.map((size) => (size === -1 ? 'any' : size)).join(', ')}]`;
}

/** A tensor over data that is already of the right type and length. */
export function makeTensor(datatype: Datatype, shape: readonly number[], data: Tensor['data']): Tensor {
  if (!(data instanceof arrayOf[datatype]) || data.length !== elementCount(shape)) {
    throw new RangeError(
      `a ${datatype} tensor of shape ${formatShape(shape)} can't hold ${data.constructor.name} of ${data.length}`,
    );
  }
  return { datatype, shape, data } as Tensor;
}

/** A zero-filled array for `length` elements of a datatype. */
export function allocate(datatype: Datatype, length: number): Tensor['data'] {
  return new arrayOf[datatype](length);
}

/**
 * Joins single examples into one batch along a new first axis.
 * @param examples tensors of the same datatype and shape, at least one
 * @returns shape [examples.length, ...shape]
 */
export function stack(examples: readonly Tensor[]): Tensor {
  const [first] = examples;
  if (first === undefined) throw new RangeError('nothing to stack');
  const size = first.data.length;
  const data = allocate(first.datatype, size * examples.length);
  examples.forEach((example, index) => {
    data.set(example.data, index * size);
  });
  return makeTensor(first.datatype, [examples.length, ...first.shape], data);
}

/** The inverse of stack: views (no copies) of a batch's examples, without its first axis. */
export function unstack(batch: Tensor): Tensor[] {
  const [count = 1, ...shape] = batch.shape;
  const size = elementCount(shape);
  return Array.from({ length: count }, (_, index) =>
    makeTensor(batch.datatype, shape, batch.data.subarray(index * size, (index + 1) * size)),
  );
}
