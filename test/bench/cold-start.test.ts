// The benchmark itself, with one start of each: that it starts what it says, and that its figures add up.
import { describe, expect, test } from '@jest/globals';
import { summarise } from '../../bench/cold-start/summarise.js';
import { measureColdStarts } from '../../bench/cold-start.js';
import { lambdaClientInstalled } from '../support/lambda-runtime.js';
import { requirePart } from '../support/requires.js';
import { describeWithS3 } from '../support/s3-server.js';

const needs = [describeWithS3, requirePart('aws-lambda-ric', lambdaClientInstalled, 'npm run lambda-client')];
const describeBench = needs.includes(describe.skip) ? describe.skip : describe;

describeBench('the benchmark of cold starts', () => {
  test('starts the floor and a function, with and without a code cache, and says where the time went', async () => {
    const shares: number[] = [];
    const measured = await measureColdStarts(['idle', 'floor', 'modelet'], {
      models: ['digits'],
      codeCache: ['modelet'],
      rounds: 1,
      onProgress: (share) => shares.push(share),
    });
    expect(shares.at(-1)).toBe(1);
    const rows = summarise(measured);
    expect(rows.map(({ variant, cached }) => [variant, cached])).toEqual([
      ['idle', false],
      ['floor', false],
      ['modelet', false],
      ['modelet', true],
    ]);
    for (const { median, stages } of rows) {
      const sum = Object.values(stages).reduce((total, ms) => total + ms, 0);
      expect(sum).toBeCloseTo(median, 3);
    }
  });
});
