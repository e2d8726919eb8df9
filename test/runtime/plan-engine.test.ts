import { describe, expect, test } from '@jest/globals';
import { batch, engineContract, load } from './engine.contract.js';

engineContract('wasm', { plans: true });

describe('plans', () => {
  test('many shapes, more than are kept, each right', async () => {
    const { model } = await load('wasm', {}, { plans: true });
    const row = [1, 2, 3];
    const [one] = [(await model.predict(batch(row))).get('y')?.data ?? []];
    for (const count of [...Array.from({ length: 40 }, (_, index) => index + 1), 1, 2]) {
      const y = (await model.predict(batch(...new Array<number[]>(count).fill(row)))).get('y');
      expect(y?.shape).toEqual([count, 2]);
      expect([...(y?.data.slice(-2) ?? [])]).toEqual([...one]);
    }
    model.dispose();
    expect(model.usable).toBe(false);
  });
});
