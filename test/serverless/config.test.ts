import { describe, expect, test } from '@jest/globals';
import { readModels } from '../../lib/serverless/config.js';

const refusal = (section: unknown, hasEntry = () => true): string => {
  try {
    readModels(section, hasEntry);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('custom.modelet', () => {
  test('reads models in their order, one vCPU each and ten uploads at once unless it says otherwise', () => {
    expect(
      readModels(
        { models: { digits: {}, 'spoken-digits': { memory: 3008, concurrency: 50 }, sentiment: null } },
        () => true,
      ),
    ).toEqual([
      { name: 'digits', memory: 1769, concurrency: 10 },
      { name: 'spoken-digits', memory: 3008, concurrency: 50 },
      { name: 'sentiment', memory: 1769, concurrency: 10 },
    ]);
  });

  test.each([
    [undefined, 'custom.modelet must hold the models to deploy, e.g. { models: { digits: {} } }'],
    [{}, 'custom.modelet.models must hold the models to deploy, e.g. { models: { digits: {} } }'],
    [{ models: {}, region: 'x' }, 'custom.modelet.models names no model; add one, e.g. { digits: {} }'],
    [
      { models: { digits: {} }, region: 'x' },
      'custom.modelet.region is not a setting modelet knows; there is only: models',
    ],
    [{ models: ['digits'] }, 'custom.modelet.models.0 must be a mapping such as {} or { memory: 3008 }'],
    [
      { models: { Digits: {} } },
      'custom.modelet.models.Digits is no model name: use 1 to 40 of a-z, 0-9 and "-", with "-" only inside',
    ],
    [
      { models: { ['a'.repeat(41)]: {} } },
      `custom.modelet.models.${'a'.repeat(41)} is no model name: use 1 to 40 of a-z, 0-9 and "-", with "-" only inside`,
    ],
    [{ models: { digits: 5 } }, 'custom.modelet.models.digits must be a mapping such as {} or { memory: 3008 }'],
    [
      { models: { digits: { timeout: 5 } } },
      'custom.modelet.models.digits.timeout is not a setting modelet knows; a model has: memory, concurrency',
    ],
    [
      { models: { digits: { memory: '1 GB' } } },
      'custom.modelet.models.digits.memory must be a whole number of MB from 128 to 10240',
    ],
    [
      { models: { digits: { memory: 64 } } },
      'custom.modelet.models.digits.memory must be a whole number of MB from 128 to 10240',
    ],
    [
      { models: { digits: { concurrency: 1 } } },
      'custom.modelet.models.digits.concurrency must be a whole number of uploads worked on at once, from 2 to 1000',
    ],
    [
      { models: { digits: {}, 'digits-batch': {} } },
      'custom.modelet.models.digits-batch is taken by the batch function of digits; rename one of them',
    ],
    [
      { models: { catalog: {} } },
      'custom.modelet.models.catalog is taken by the function that lists the models; rename the model',
    ],
    [
      { models: { digits: {}, digitspredict: {} } },
      "custom.modelet.models.digitspredict can't stand beside digits: their routes would share a name; rename one of them",
    ],
  ])('%j is refused', (section, message) => expect(refusal(section)).toBe(message));

  test('a model without its function file is refused', () => {
    expect(refusal({ models: { digits: {} } }, () => false)).toBe(
      'custom.modelet.models.digits has no functions/digits.ts; write it with: npx modelet new digits',
    );
  });
});
