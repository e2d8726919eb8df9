import { expect, test } from '@jest/globals';
import { readGraph } from '../../../lib/importers/graph/read-graph.js';
import type { NodeDef } from '../../../lib/importers/graph/read-signature.js';

test('two nodes of one name are refused: TF.js would take the last, TensorFlow neither', () => {
  const input: NodeDef = {
    name: 'x',
    op: 'Placeholder',
    attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [{ size: '3' }] } } },
  };
  const node = [input, { name: 'y', op: 'Relu', input: ['x'] }, { name: 'y', op: 'Neg', input: ['x'] }];
  expect(() => readGraph({ topology: { node }, weights: new Map() })).toThrow("two nodes are called 'y'");
});
