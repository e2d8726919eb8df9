import { describe, expect, test } from '@jest/globals';
import { checkBucketName, checkFunctionName, checkResourceCount } from '../../lib/serverless/limits.js';

describe('limits that CloudFormation and Lambda would find only at deployment', () => {
  test('a stack is fine up to 450 resources, warned of up to 500, refused above', () => {
    expect(checkResourceCount(450, 20)).toBeUndefined();
    expect(checkResourceCount(451, 20)).toBe(
      '20 models make a stack of 451 resources of the 500 that CloudFormation takes; split them over several services, or nest stacks before it is full',
    );
    expect(checkResourceCount(500, 22)).toMatch(/^22 models/);
    expect(() => checkResourceCount(501, 22)).toThrow(
      '22 models make a stack of 501 resources, and CloudFormation takes 500; split them over several services, or nest stacks',
    );
  });

  test('a function name has at most 64 characters', () => {
    expect(() => checkFunctionName('f'.repeat(64))).not.toThrow();
    expect(() => checkFunctionName('f'.repeat(65))).toThrow(/has 65 characters and Lambda takes 64; shorten/);
  });

  test('a bucket name has at most 63 characters, none of them a capital', () => {
    const name = (service: string) => `${service}-data-\${AWS::AccountId}-\${AWS::Region}`;
    expect(() => checkBucketName(name('m'.repeat(35)))).not.toThrow();
    expect(() => checkBucketName(name('m'.repeat(36)))).toThrow(/is no name for a bucket: use 3 to 63/);
    expect(() => checkBucketName(name('Modelet'))).toThrow(/is no name for a bucket/);
    expect(() => checkBucketName(`X-\${Parameter}`)).not.toThrow();
  });
});
