import { expect, test } from '@jest/globals';
import { createClient, type InputsOf, type OutputsOf } from '../../lib/client/index.js';

// What this file holds is checked by tsc (`npm run check`): each @ts-expect-error is an error if the line below it is none.

const signature = {
  inputs: [
    { name: 'a', datatype: 'FP32', shape: [-1, 2] },
    { name: 'n', datatype: 'INT32', shape: [-1, 1] },
  ],
  outputs: [
    { name: 'sum', datatype: 'FP32', shape: [-1, 2] },
    { name: 'large', datatype: 'BOOL', shape: [-1, 1] },
  ],
} as const;

type Inputs = InputsOf<typeof signature>;

const a = { shape: [1, 2], data: Float32Array.of(1, 2) } as const;
const n = { shape: [1, 1], data: Int32Array.of(3) } as const;
const right: Inputs = { a, n };
// @ts-expect-error an input is missing
const missing: Inputs = { a };
// @ts-expect-error no input of that name
const misnamed: Inputs = { a, n, m: n };
// @ts-expect-error another datatype's array
const mistyped: Inputs = { a, n: { shape: [1, 1], data: Float32Array.of(3) } };
// @ts-expect-error a size that the signature fixes
const misshapen: Inputs = { a: { shape: [1, 3], data: a.data }, n };
// @ts-expect-error another rank
const misranked: Inputs = { a: { shape: [2], data: a.data }, n };

/** Never called: only its types matter. */
export async function calls(): Promise<readonly unknown[]> {
  const model = createClient({ url: 'http://localhost' }).model('pair', signature);
  const { outputs } = await model.infer(right);
  const sum: Float32Array = outputs.sum.data;
  const large: Uint8Array = outputs.large.data;
  // @ts-expect-error no output of that name
  const absent = outputs.product;
  const some = (await model.infer(right, { outputs: ['sum'] })).outputs;
  // @ts-expect-error an output that was not asked for
  const unasked = some.large;
  // @ts-expect-error no output of that name to ask for
  await model.infer(right, { outputs: ['product'] });

  // Without `as const` at hand it works too, by name as text.
  const loose: OutputsOf<{ inputs: []; outputs: { name: string; datatype: 'FP32'; shape: number[] }[] }> = {};
  return [sum, large, absent, unasked, loose.anything?.data];
}

test('a signature given as const makes types that take what fits it', () => {
  expect([right, missing, misnamed, mistyped, misshapen, misranked]).toHaveLength(6);
});
