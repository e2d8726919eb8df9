import { describe, expect, test } from '@jest/globals';
import { evaluateCall } from '../../../lib/importers/evaluate/evaluate.js';
import { readEntries, toCall } from './layer-entries.js';

describe.each(['keras-2', 'keras-3'])('layers of %s', (file) => {
  const { keras, layers } = readEntries(file);
  const named = layers.map((entry) => {
    const settings = JSON.stringify(entry.config);
    return [`${entry.class} ${settings} of [${entry.input.shape}]`, entry] as const;
  });

  test.each(named)('%s', (_name, entry) => {
    const [output] = evaluateCall(toCall(entry, keras));
    expect(output?.shape).toEqual(entry.output.shape);
    const worst = entry.output.data.reduce((most, expected, i) => {
      const difference = Math.abs((output?.data[i] ?? Number.NaN) - expected) / Math.max(1, Math.abs(expected));
      return Math.max(most, difference);
    }, 0);
    expect(worst).toBeLessThan(2e-6);
  });
});
