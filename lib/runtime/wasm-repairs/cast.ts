import { heapOf, type Kernel } from './repair.js';

const [least, most] = [-(2 ** 31), 2 ** 31 - 1];

/**
 * TF.js copies the raw values. Right is: to bool, whatever is not 0 is true, NaN too (TensorFlow's `static_cast<bool>`); to
 * int32, towards 0, and what INT32 has no room for has no answer: every implementation gives another number.
 */
export const cast =
  (original: Kernel): Kernel =>
  (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs as { x: (typeof inputs)[string] };
    if (attrs.dtype === x.dtype || x.dtype === 'bool' || attrs.dtype === 'float32') return original(call);
    const out = backend.makeOutput(x.shape, attrs.dtype as 'int32' | 'bool');
    const [from, to] = [heapOf(backend, x), heapOf(backend, out)];
    if (attrs.dtype === 'bool') {
      for (let index = 0; index < from.length; index++) to[index] = from[index] === 0 ? 0 : 1;
      return out;
    }
    for (let index = 0; index < from.length; index++) {
      const value = Math.trunc(from[index] as number);
      if (!(value >= least && value <= most)) throw new RangeError(`Cast: INT32 has no room for ${from[index]}`);
      to[index] = value;
    }
    return out;
  };
