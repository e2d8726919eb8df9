import { weightNames } from '../keras/weight-names.js';
import { badSource } from './bad-source.js';
import { recipesOf, type WeightRecipe } from './bind-weights.js';
import { snakeCase } from './class-names.js';
import { hdf5Weight, textAttribute } from './hdf5-weights.js';
import type { Hdf5Group } from './hdf5-worker.js';
import type { LayerNode, ModelNode } from './layer-node.js';
import { storedRoster } from './stored-roster.js';
import type { StoredWeight } from './stored-weight.js';

/** `.keras` files are as old as Keras 2.12: their weights need no conversion. */
const origin = { major: 3, theano: false };

const nothing: Hdf5Group = { attributes: new Map(), groups: new Map(), datasets: new Map() };

/**
 * Finds each layer's weights in a `.keras` file's `model.weights.h5`, where groups follow Keras' objects: `layers/conv2d_1/
 * vars/0` is the first weight of the model's second Conv2D, whatever its name.
 * @throws INVALID_INPUT naming the layer whose weights are missing, too many, or of a wrong shape
 */
export function bindWeightTree(model: ModelNode, root: Hdf5Group): Map<LayerNode, Map<string, WeightRecipe>> {
  const binding = new Map<LayerNode, Map<string, WeightRecipe>>();

  const bindModel = (inner: ModelNode, group: Hdf5Group): void => {
    const layers = group.groups.get('layers') ?? group.groups.get('_layer_checkpoint_dependencies') ?? nothing;
    // Operations of Keras 3 are no layers.
    const own = inner.layers.filter(({ className, storedClass }) => !isOperation(className, storedClass));
    const numbered = counter();
    const byClass = own.map(({ storedClass }) => numbered(pythonName(storedClass)));
    const complete = (groups: readonly string[]) =>
      // A Sequential's input has no group: it needs none.
      own.every(({ className }, index) => className === 'InputLayer' || layers.groups.has(groups[index] as string));
    const names = own.map(({ name }) => name);
    const chosen = !complete(byClass) && complete(names) ? names : byClass;
    own.forEach((layer, index) => {
      const group = layers.groups.get(chosen[index] as string) ?? nothing;
      const owner = textAttribute(varsOf(group), 'name');
      if (owner !== undefined && owner !== layer.name) {
        throw badSource(
          `model.weights.h5 has the weights of '${owner}' where those of the layer '${layer.name}' belong`,
          'save the model again',
        );
      }
      bindLayer(layer, group);
    });
  };

  const bindLayer = (layer: LayerNode, group: Hdf5Group): void => {
    if (layer.model !== undefined) {
      bindModel(layer.model, group);
      return;
    }
    if (layer.stack !== undefined) {
      const cells = group.groups.get('cell')?.groups.get('cells') ?? nothing;
      const numbered = counter();
      for (const part of layer.stack) {
        const cell = cells.groups.get(numbered(snakeCase(part.storedClass))) ?? nothing;
        bindOwn(part, { ...nothing, groups: new Map([['cell', cell]]) });
      }
      return;
    }
    bindOwn(layer, group);
    for (const [role, child] of layer.children) bindLayer(child, group.groups.get(roles[role] ?? role) ?? nothing);
  };

  const bindOwn = (layer: LayerNode, group: Hdf5Group): void => {
    const roster = storedRoster(layer, origin);
    // Its own weights serve training only, and another name for its layer's kernel lies among them.
    if (roster === undefined || layer.className === 'SpectralNormalization') return;
    const folder = weightNames(layer.className, layer.config)?.folder;
    const own = folder === undefined ? group : (group.groups.get(folder) ?? nothing);
    const used = new Map<Hdf5Group, number>();
    const stored = roster.weights.map((weight): StoredWeight => {
      const part = weight.name.includes('/') ? weight.name.slice(0, weight.name.indexOf('/')) : undefined;
      const vars = varsOf(part === undefined ? own : partOf(own, part));
      const index = used.get(vars) ?? 0;
      used.set(vars, index + 1);
      const dataset = vars.datasets.get(String(index));
      if (dataset === undefined) {
        throw badSource(
          `the weight ${weight.name} of the layer '${layer.name}' (${layer.className}) is missing in model.weights.h5`,
          'save the whole model again',
        );
      }
      return hdf5Weight(dataset.path, dataset);
    });
    const vars = varsOf(own);
    if (vars.datasets.size > (used.get(vars) ?? 0)) {
      throw badSource(
        `the layer '${layer.name}' (${layer.className}) has ${vars.datasets.size} weights in model.weights.h5`,
        `its settings call for ${used.get(vars) ?? 0}: save the model again`,
      );
    }
    binding.set(layer, recipesOf(layer, stored, origin));
  };

  bindModel(model, root);
  return binding;
}

/** Attributes of Keras' wrappers. */
const roles: Readonly<Record<string, string>> = { forward: 'forward_layer', backward: 'backward_layer' };

/** Groups are named after the class in Keras' code, which for one layer is not what the description calls it. */
function pythonName(storedClass: string): string {
  return snakeCase(storedClass === 'GroupQueryAttention' ? 'GroupedQueryAttention' : storedClass);
}

function isOperation(className: string, storedClass: string): boolean {
  return className.startsWith('op:') && !storedClass.endsWith('OpLambda');
}

function varsOf(group: Hdf5Group): Hdf5Group {
  return group.groups.get('vars') ?? nothing;
}

/** A layer inside an attention layer: `query_dense`, earlier `_query_dense`. */
function partOf(group: Hdf5Group, part: string): Hdf5Group {
  const attribute = part === 'attention_output' ? 'output_dense' : `${part}_dense`;
  return group.groups.get(attribute) ?? group.groups.get(`_${attribute}`) ?? nothing;
}

/** `dense`, `dense_1`, `dense_2` … */
function counter(): (name: string) => string {
  const counts = new Map<string, number>();
  return (name) => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  };
}
