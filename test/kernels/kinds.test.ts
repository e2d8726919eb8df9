import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { binaryKinds, cellActivations, cellKinds, reduceKinds, unaryKinds } from '../../lib/kernels/kinds.js';

/** The members of the C enum that begins with this one. */
function members(file: string, first: string): string[] {
  const source = readFileSync(`lib/kernels/c/${file}.c`, 'utf8');
  const list = new RegExp(`enum \\{\\s*(${first}\\b[^}]*)\\}`).exec(source)?.[1] ?? '';
  return list.split(',').map((name) => name.trim());
}

const upperCase = (name: string): string => name.replace(/[A-Z]/g, '_$&').toUpperCase();

describe('kinds have the numbers that C gives them', () => {
  test.each([
    ['elementwise', unaryKinds],
    ['elementwise', binaryKinds],
    ['reduce', reduceKinds],
    ['recurrent', cellKinds],
    ['recurrent', cellActivations],
  ])('%s %#', (file, kinds) => {
    const names = kinds.map(upperCase);
    expect(members(file, names[0] as string)).toEqual(names);
  });
});
