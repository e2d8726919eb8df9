import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { tabular } from '../../examples/tabular.js';
import { serveModel } from '../../lib/index.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishTiny, tinyOutput } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const task = JSON.parse(readFileSync('examples/tabular.json', 'utf8'));
const { columns, predicts } = task.options;

const api = client(serveModel('house-prices', { tasks: [tabular] }));
const ask = (body: unknown) => api.post('/models/house-prices', body);
const house = { area: 80, rooms: 3, age: 12 };

describe('docs/tasks.md', () => {
  test('shows the file that is compiled', () => {
    const shown = /<!-- file (\S+) -->\n\n```ts\n([\s\S]*?)```\n\n<!-- \/file -->/.exec(
      readFileSync('docs/tasks.md', 'utf8'),
    );
    expect(shown?.[2]).toBe(readFileSync(shown?.[1] ?? '', 'utf8'));
  });

  test('its task answers in the units of the table, by the task route and in a row of many', async () => {
    await publishTiny(registry, 'house-prices', { task });
    const row = columns.map(
      ({ name, mean, std }: (typeof columns)[0]) => (house[name as keyof typeof house] - mean) / std,
    );
    const [outputs = []] = tinyOutput([row]);
    const { status, json } = await ask(house);
    expect({ status, names: Object.keys(json.predicted) }).toEqual({ status: 200, names: ['price', 'rent'] });
    for (const [index, { name, mean, std }] of predicts.entries()) {
      expect(json.predicted[name]).toBeCloseTo((outputs[index] as number) * std + mean, 2);
    }
    const many = await ask({ instances: [house, house] });
    expect(many.json.predictions).toEqual([{ predicted: json.predicted }, { predicted: json.predicted }]);
  });

  test.each([
    ['a column is missing', { area: 80, rooms: 3 }, /age: expected a number/],
    ['a column is text', { ...house, rooms: 'three' }, /rooms: expected a number/],
    ['it is a file', { b64: 'AAAA' }, /send an object with area, rooms, age/],
  ])('says what would be right where %s', async (_, body, message) => {
    const { status, json } = await ask(body);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_INPUT' });
    expect(json.error).toMatch(message);
  });

  test('options that do not fit the model are never served', async () => {
    const options = { ...task.options, columns: columns.slice(1) };
    await publishTiny(registry, 'house-prices', { task: { ...task, options } });
    const { status, json } = await api.post('/models/house-prices?version=2', house);
    expect({ status, code: json.code }).toEqual({ status: 500, code: 'MODEL_CORRUPT' });
    expect(json.error).toMatch(/takes 3 numbers and gives 2, the task has 2 columns and 2 predictions/);
  });
});
