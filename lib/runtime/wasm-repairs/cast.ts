import { ownKernel } from './own-kernel.js';
import type { Kernel } from './repair.js';

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
    const dtype = attrs.dtype as 'int32' | 'bool';
    const convert = dtype === 'bool' ? (value: number) => (value === 0 ? 0 : 1) : toInt32;
    return ownKernel(
      backend,
      x.shape,
      dtype,
      [x],
      ([values]) =>
        (index) =>
          convert(values?.[index] as number),
    );
  };

function toInt32(value: number): number {
  const whole = Math.trunc(value);
  if (!(whole >= least && whole <= most)) throw new RangeError(`Cast: INT32 has no room for ${value}`);
  return whole;
}
