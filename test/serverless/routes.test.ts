import { describe, expect, test } from '@jest/globals';
import { functionDefinitions } from '../../lib/serverless/functions.js';
import { queueIds } from '../../lib/serverless/queues.js';
import { catalogRoutes, modelRoutes } from '../../lib/serverless/routes.js';

const lines = (routes: readonly { method: string; path: string; key: boolean }[]) =>
  routes.map(({ method, path, key }) => `${method} ${path}${key ? '' : ' open'}`).sort();

describe('routes', () => {
  test("a model's routes all need a key", () => {
    expect(lines(modelRoutes('spoken-digits'))).toEqual([
      'ANY /models/spoken-digits',
      'ANY /models/spoken-digits/{proxy+}',
      'ANY /v1/models/spoken-digits',
      'ANY /v1/models/spoken-digits/{proxy+}',
      'ANY /v1/models/spoken-digits:classify',
      'ANY /v1/models/spoken-digits:predict',
      'ANY /v2/models/spoken-digits',
      'ANY /v2/models/spoken-digits/{proxy+}',
    ]);
  });

  test('the catalog takes the rest; its index and health are open', () => {
    expect(lines(catalogRoutes)).toEqual(['ANY /', 'ANY /v2/health/{proxy+} open', 'ANY /{proxy+}', 'GET / open']);
  });
});

describe('functions', () => {
  const models = [
    { name: 'digits', memory: 1769, concurrency: 10 },
    { name: 'sentiment', memory: 3008, concurrency: 50 },
  ];
  const functions = functionDefinitions(
    models,
    (key) => `${key}Role`,
    (model) => queueIds(model, (key) => key),
  );

  test('there are two a model, and the catalog, each with a role of its own', () => {
    expect(Object.entries(functions).map(([key, { role }]) => [key, role])).toEqual([
      ['digits', { 'Fn::Sub': `\${digitsRole.Arn}` }],
      ['digits-batch', { 'Fn::Sub': `\${digits-batchRole.Arn}` }],
      ['sentiment', { 'Fn::Sub': `\${sentimentRole.Arn}` }],
      ['sentiment-batch', { 'Fn::Sub': `\${sentiment-batchRole.Arn}` }],
      ['catalog', { 'Fn::Sub': `\${catalogRole.Arn}` }],
    ]);
  });

  test('memory is what the model asks for, behind the API and behind the queue', () => {
    expect([functions.sentiment?.memorySize, functions['sentiment-batch']?.memorySize]).toEqual([3008, 3008]);
  });

  test('the catalog knows which models are deployed', () => {
    expect(functions.catalog?.environment).toMatchObject({ MODELET_MODELS: 'digits,sentiment' });
  });
});
