import { describeValue, invalidInput } from './errors.js';
import { type Datatype, makeTensor, type Tensor } from './tensor.js';
import type { ElementPath } from './wire-codec.js';
import { wireCodec } from './wire-datatypes.js';

/** More dimensions than any model's tensors have. */
export const maxRank = 16;

/**
 * Nested JSON arrays → tensor. The shape is what came in; the caller holds it against the signature.
 * @param value a number, a boolean or (nested) arrays of them, all rows of the same length
 * @param field where it stands in the request, for messages
 * @throws INVALID_INPUT naming the element that doesn't fit
 */
export function tensorFromNested(datatype: Datatype, value: unknown, field: string): Tensor {
  const shape = shapeOf(value, field);
  const data = wireCodec(datatype).fromJson(flatten(value, shape, field), nestedPath(field, shape));
  return makeTensor(datatype, shape, data as Tensor['data']);
}

/**
 * Nested JSON arrays → their elements in row-major order, whatever they are.
 * @throws INVALID_INPUT at the first array that is not of the shape
 */
export function flatten(value: unknown, shape: readonly number[], field: string): readonly unknown[] {
  if (shape.length === 0) return [value];
  const elements: unknown[] = [];
  // Where `visit` stands: an index for each axis. A path becomes text only for an error.
  const position: number[] = [];
  const last = shape.length - 1;
  const visit = (node: unknown, axis: number): void => {
    const size = shape[axis] as number;
    if (!Array.isArray(node) || node.length !== size) {
      const path = field + position.map((index) => `[${index}]`).join('');
      throw invalidInput(path, `expected an array of ${size}, got ${describeValue(node)}`);
    }
    for (let index = 0; index < size; index++) {
      if (axis === last) elements.push(node[index]);
      else {
        position[axis] = index;
        visit(node[index], axis + 1);
      }
    }
    position.length = axis;
  };
  visit(value, 0);
  return elements;
}

/** The path of an element of nested arrays: `data[0][2]`. */
export function nestedPath(field: string, shape: readonly number[]): ElementPath {
  return (index) => {
    let rest = index;
    const position = shape.toReversed().map((size) => {
      const along = rest % size;
      rest = (rest - along) / size;
      return along;
    });
    return (
      field +
      position
        .reverse()
        .map((along) => `[${along}]`)
        .join('')
    );
  };
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
