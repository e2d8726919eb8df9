import { invalidInput } from './errors.js';
import { allocate, type Datatype, makeTensor, type Tensor } from './tensor.js';
import type { ElementPath, WireData } from './wire-codec.js';
import type { WireDatatype } from './wire-datatypes.js';

/**
 * What came over the wire → the tensor that the model takes. Of its own datatype it is the same memory; of another, each
 * element must be exactly that number.
 * @param to a datatype that `from` is convertible to
 * @throws INVALID_INPUT at the first element that would lose something
 */
export function tensorFromWire(
  { datatype: from, shape, data }: { datatype: WireDatatype; shape: readonly number[]; data: WireData },
  to: Datatype,
  at: ElementPath,
): Tensor {
  if (from === to) return makeTensor(to, shape, data as Tensor['data']);
  const narrowed = allocate(to, data.length);
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number | bigint;
    const number = Number(value);
    narrowed[index] = number;
    const isSame = narrowed[index] === number && (typeof value === 'number' || BigInt(number) === value);
    if (!isSame) throw invalidInput(at(index), `the ${from} that came is not exactly an ${to}, which is expected`);
  }
  return makeTensor(to, shape, narrowed);
}
