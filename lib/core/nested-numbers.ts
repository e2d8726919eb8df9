import { describeValue, invalidInput } from './errors.js';
import { allocate, type Datatype, elementCount, formatShape, makeTensor, type Tensor } from './tensor.js';

/** Deeper nesting than any model's rank; JSON.parse itself would go on for thousands of levels. */
const maxRank = 16;

/**
 * Nested JSON arrays → tensor. The shape is what came in; the caller holds it against the signature.
 * @param value a number, a boolean or (nested) arrays of them, all rows of the same length
 * @param field where it stands in the request, for messages
 * @throws INVALID_INPUT naming the element that doesn't fit
 */
export function tensorFromNested(datatype: Datatype, value: unknown, field: string): Tensor {
  const shape = shapeOf(value, field);
  const data = allocate(datatype, elementCount(shape));
  // Where `fill` stands: an index for each axis. A path becomes text only for an error.
  const position: number[] = [];
  const path = () => field + position.map((index) => `[${index}]`).join('');
  let next = 0;
  const fill = (node: unknown, axis: number): void => {
    const size = shape[axis];
    if (size === undefined) {
      data[next++] = element(datatype, node, path);
      return;
    }
    if (!Array.isArray(node) || node.length !== size) {
      throw invalidInput(path(), `expected an array of ${size} (as its neighbours are), got ${describeValue(node)}`);
    }
    for (let index = 0; index < size; index++) {
      position[axis] = index;
      fill(node[index], axis + 1);
    }
    position.length = axis;
  };
  fill(value, 0);
  return makeTensor(datatype, shape, data);
}

/**
 * A flat or nested list of values for a shape that is known (Open Inference Protocol V2, "Tensor Data": both are allowed).
 * @throws INVALID_INPUT when the count or an element doesn't fit
 */
export function tensorFromFlat(datatype: Datatype, shape: readonly number[], value: unknown, field: string): Tensor {
  if (!Array.isArray(value)) throw invalidInput(field, `expected an array of numbers, got ${describeValue(value)}`);
  if (value.some(Array.isArray)) {
    const nested = tensorFromNested(datatype, value, field);
    if (nested.data.length !== elementCount(shape)) throw wrongCount(field, nested.data.length, shape);
    return makeTensor(datatype, shape, nested.data);
  }
  if (value.length !== elementCount(shape)) throw wrongCount(field, value.length, shape);
  const data = allocate(datatype, value.length);
  for (let index = 0; index < value.length; index++) {
    data[index] = element(datatype, value[index], () => `${field}[${index}]`);
  }
  return makeTensor(datatype, shape, data);
}

/** Tensor → nested JSON arrays; a scalar becomes a bare number. BOOL becomes true and false. */
export function nestedFromTensor(tensor: Tensor): unknown {
  const { data, shape, datatype } = tensor;
  const rows = (axis: number, start: number, span: number): unknown => {
    const size = shape[axis];
    if (size === undefined) return datatype === 'BOOL' ? data[start] !== 0 : data[start];
    const step = size === 0 ? 0 : span / size;
    return Array.from({ length: size }, (_, index) => rows(axis + 1, start + index * step, step));
  };
  return rows(0, 0, data.length);
}

function shapeOf(value: unknown, field: string): number[] {
  const shape: number[] = [];
  for (let node = value; Array.isArray(node); node = node[0]) {
    if (shape.length === maxRank) throw invalidInput(field, `arrays nested deeper than ${maxRank} levels`);
    shape.push(node.length);
  }
  return shape;
}

/** One JSON value as a number of the datatype, without loss: FP32 takes any finite number in its range. */
function element(datatype: Datatype, value: unknown, path: () => string): number {
  if (datatype === 'BOOL') {
    if (typeof value === 'boolean') return value ? 1 : 0;
    throw invalidInput(path(), `expected true or false, got ${describeValue(value)}`);
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalidInput(path(), `expected a number, got ${describeValue(value)}`);
  }
  const narrowed = datatype === 'FP32' ? Math.fround(value) : value | 0;
  if (datatype === 'FP32' ? !Number.isFinite(narrowed) : narrowed !== value) {
    throw invalidInput(
      path(),
      `expected ${datatype === 'FP32' ? 'a number within' : 'a whole number of'} ${datatype}'s range`,
    );
  }
  return narrowed;
}

function wrongCount(field: string, count: number, shape: readonly number[]): Error {
  return invalidInput(field, `${count} elements came, but shape ${formatShape(shape)} holds ${elementCount(shape)}`);
}
