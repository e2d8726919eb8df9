import { expect, test } from '@jest/globals';
import { readGraph } from '../../../lib/importers/graph/read-graph.js';
import type { NodeDef } from '../../../lib/importers/graph/read-signature.js';

const input: NodeDef = {
  name: 'x',
  op: 'Placeholder',
  attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [{ size: '3' }] } } },
};

test('a node that takes one which is not there is refused', () => {
  const node = [input, { name: 'y', op: 'Relu', input: ['z'] }];
  expect(() => readGraph({ topology: { node }, weights: new Map() })).toThrow("node 'y' takes 'z', which is not there");
});

test('two nodes of one name are refused: TF.js would take the last, TensorFlow neither', () => {
  const node = [input, { name: 'y', op: 'Relu', input: ['x'] }, { name: 'y', op: 'Neg', input: ['x'] }];
  expect(() => readGraph({ topology: { node }, weights: new Map() })).toThrow("two nodes are called 'y'");
});
