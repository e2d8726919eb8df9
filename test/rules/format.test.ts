import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { recurrentActivations } from '../../lib/core/recurrent-activations.js';

test('docs/format.md defines every activation of a recurrent node', () => {
  const document = readFileSync('docs/format.md', 'utf8');
  const table = document.slice(document.indexOf('**Activations**'), document.indexOf('**What stands around it**'));
  const named = [...table.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name);
  expect(named.toSorted()).toEqual([...recurrentActivations].toSorted());
});
