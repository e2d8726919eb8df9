import { expect, test } from '@jest/globals';
import { proofInputs } from '../../lib/publishing/proof-inputs.js';

test('an input of 37 GiB is refused before it is made', () => {
  const specs = [{ name: 'x', datatype: 'FP32', shape: [-1, 100_000, 100_000] }] as const;
  const options = { seed: 1, batch: 1, size: 12, range: () => ({ kind: 'normal' }) as const };
  expect(() => proofInputs(specs, options)).toThrow("input 'x' of shape [any, 100000, 100000] is too large; make");
});
