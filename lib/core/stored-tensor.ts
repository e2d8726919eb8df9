import type { Manifest } from './manifest.js';
import { arrayOf, makeTensor, type Tensor, type Tensors } from './tensor.js';

type StoredTensor = Manifest['golden']['inputs'][number];

/** Tensors → the manifest's form. Typed arrays are little-endian on every platform that Node.js supports. */
export function storeTensors(tensors: Tensors): StoredTensor[] {
  return [...tensors].map(([name, { datatype, shape, data }]) => ({
    name,
    datatype,
    shape: [...shape],
    base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
  }));
}

/** The inverse. @throws RangeError when bytes and shape disagree */
export function readStoredTensors(stored: readonly StoredTensor[]): Map<string, Tensor> {
  return new Map(
    stored.map(({ name, datatype, shape, base64 }) => {
      // A copy of its own, because Buffer.from may hand out an unaligned slice of Node's pool.
      const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
      return [name, makeTensor(datatype, shape, new arrayOf[datatype](bytes.buffer))];
    }),
  );
}
