import { describe, expect, test } from '@jest/globals';
import { bindWeightTree } from '../../../lib/importers/sources/bind-weight-tree.js';
import type { Hdf5Group } from '../../../lib/importers/sources/hdf5-worker.js';
import { readTopology } from '../../../lib/importers/sources/read-topology.js';

type Tree = { readonly [name: string]: Tree | readonly number[] };

/** Groups and, as lists of sizes, datasets; `@name` of a group with weights is the layer's name in the file. */
function group(tree: Tree, path = '', name?: string): Hdf5Group {
  const entries = Object.entries(tree);
  const children = entries.filter((entry): entry is [string, Tree] => !Array.isArray(entry[1]));
  return {
    attributes: new Map(name === undefined ? [] : [['name', name]]),
    groups: new Map(
      children.map(([step, child]) => [step.replace(/@.*/, ''), group(child, `${path}/${step}`, step.split('@')[1])]),
    ),
    datasets: new Map(
      entries
        .filter((entry): entry is [string, readonly number[]] => Array.isArray(entry[1]))
        .map(([step, shape]) => [step, { path: `${path}/${step}`, shape, type: 1, size: 4, signed: true }]),
    ),
  };
}

const dense = (name: string, more: object = {}) => ({
  class_name: 'Dense',
  config: { name, units: 2, trainable: true, ...more },
});
const model = readTopology(
  {
    class_name: 'Sequential',
    config: { name: 's', layers: [dense('a', { batch_input_shape: [null, 2] }), dense('b')] },
  },
  { major: 3 },
);
const own = (name: string) => ({ [`vars@${name}`]: { 0: [2, 2], 1: [2] } });

/** Which dataset is the kernel of each layer. */
function kernels(tree: Tree): Record<string, string | undefined> {
  const binding = bindWeightTree(model, group(tree));
  return Object.fromEntries(
    [...binding].map(([layer, recipes]) => [layer.name, recipes.get('kernel')?.parts[0]?.name]),
  );
}

describe('the tree of weights in a .keras file', () => {
  test('layers of a class are counted in the order of the model', () => {
    expect(kernels({ layers: { dense: own('a'), dense_1: own('b') } })).toMatchObject({
      a: '/layers/dense/vars@a/0',
      b: '/layers/dense_1/vars@b/0',
    });
  });

  test('groups may have the names of the layers', () => {
    expect(kernels({ layers: { a: own('a'), b: own('b') } })).toMatchObject({
      a: '/layers/a/vars@a/0',
      b: '/layers/b/vars@b/0',
    });
  });

  test('an older name of the list of layers', () => {
    expect(kernels({ _layer_checkpoint_dependencies: { dense: own('a'), dense_1: own('b') } })).toMatchObject({
      b: '/_layer_checkpoint_dependencies/dense_1/vars@b/0',
    });
  });

  test.each<[string, Tree, RegExp]>([
    [
      'weights of another layer',
      { layers: { dense: own('b'), dense_1: own('a') } },
      /has the weights of 'b' where those of the layer 'a' belong/,
    ],
    [
      'a layer missing',
      { layers: { dense: own('a') } },
      /kernel of the layer 'b' \(Dense\) is missing in model\.weights\.h5/,
    ],
    [
      'a weight missing',
      { layers: { dense: own('a'), dense_1: { vars: { 0: [2, 2] } } } },
      /bias of the layer 'b' \(Dense\) is missing/,
    ],
    [
      'a weight too many',
      { layers: { dense: own('a'), dense_1: { vars: { 0: [2, 2], 1: [2], 2: [2] } } } },
      /'b' \(Dense\) has 3 weights.*; its settings call for 2/,
    ],
    [
      'a wrong shape',
      { layers: { dense: own('a'), dense_1: { vars: { 0: [2, 3], 1: [2] } } } },
      /'b' \(Dense\) has a kernel of shape \[2, 3\]/,
    ],
    ['nothing', {}, /kernel of the layer 'a' \(Dense\) is missing/],
  ])('%s: refused', (_what, tree, message) => {
    expect(() => kernels(tree)).toThrow(message);
  });
});
