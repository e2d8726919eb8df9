import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { ndArray } from '../../../lib/importers/evaluate/array.js';
import { evaluate } from '../../../lib/importers/evaluate/evaluate.js';
import { readSource } from '../../../lib/importers/sources/read-source.js';
import { requirePart } from '../../support/requires.js';

const shared = resolve(__dirname, '../../../../shared/models/keras-golden');
const forms = ['model.keras', 'model.h5', 'model.keras2.keras', 'model.keras3.h5', 'tfjs_layers'];
const cases = (existsSync(shared) ? readdirSync(shared, { withFileTypes: true }) : [])
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(join(shared, name)).map((file) => [name, file] as const))
  .filter(([, file]) => forms.includes(file));

interface Numbers {
  readonly name: string;
  readonly shape: number[];
  readonly data: number[];
}

const group = requirePart(
  '../shared/models/keras-golden',
  cases.length > 0,
  'put the shared models beside the checkout',
);

group('whole models, whoever wrote them', () => {
  test.each(cases)('%s/%s answers as Keras does', async (name, file) => {
    const source = await readSource(join(shared, name, file));
    if (source.kind !== 'keras') throw new TypeError(`${file} is no Keras model`);
    for (const golden of readdirSync(join(shared, name)).filter((other) => other.startsWith('golden'))) {
      const { inputs, outputs } = JSON.parse(readFileSync(join(shared, name, golden), 'utf8')) as Record<
        string,
        Numbers[]
      >;
      const given = inputs?.map(({ shape, data }) => ndArray(shape, Float64Array.from(data))) ?? [];
      const answers = evaluate(source.model, given);
      expect(answers.map(({ shape }) => shape)).toEqual(outputs?.map(({ shape }) => shape));
      const worst = answers.map(({ data }, i) => {
        const expected = outputs?.[i]?.data ?? [];
        return data.reduce((most, value, j) => {
          const wanted = expected[j] ?? Number.NaN;
          return Math.max(most, Math.abs(value - wanted) / Math.max(1, Math.abs(wanted)));
        }, 0);
      });
      expect(Math.max(...worst)).toBeLessThan(1e-5);
    }
  });
});
