import { weightNames } from '../keras/weight-names.js';
import { badSource } from './bad-source.js';
import { bindWeights, type WeightRecipe } from './bind-weights.js';
import type { LayerNode, ModelNode } from './layer-node.js';
import type { Origin } from './stored-roster.js';
import type { StoredWeight } from './stored-weight.js';

/**
 * Finds each layer's weights in a TF.js manifest, which is one list for the whole model: a weight belongs to the layer whose
 * name is in its path (`sequential_1/dense/kernel`).
 * @throws INVALID_INPUT for weights of no layer, besides those of bindWeights
 */
export function bindTfjsWeights(
  model: ModelNode,
  stored: readonly StoredWeight[],
  origin: Origin,
): Map<LayerNode, Map<string, WeightRecipe>> {
  const outer = new Map(model.layers.map((layer) => [layer.name, layer]));
  const inner = new Map<string, LayerNode | undefined>();
  for (const layer of model.layers) {
    for (const name of namesInside(layer))
      inner.set(name, inner.has(name) && inner.get(name) !== layer ? undefined : layer);
  }
  const own = new Map<LayerNode, StoredWeight[]>();
  for (const weight of stored) {
    const path = weight.name.split('/');
    // Normalization's are called just `mean` and `variance`.
    const bare =
      path.length === 1 ? model.layers.find((layer) => !complete(layer, own) && has(layer, weight.name)) : undefined;
    const owner = ownerOf(path, model.name, outer, inner) ?? bare;
    if (owner === undefined) {
      throw badSource(`the weight '${weight.name}' belongs to no layer of the model`, 'convert the model again');
    }
    own.set(owner, [...(own.get(owner) ?? []), weight]);
  }
  const binding = new Map<LayerNode, Map<string, WeightRecipe>>();
  for (const layer of model.layers) {
    for (const [leaf, recipes] of bindWeights(layer, own.get(layer) ?? [], origin)) binding.set(leaf, recipes);
  }
  return binding;
}

/** Layers inside are looked at last: Keras 2 names their weights without the model around them. */
function ownerOf(
  path: readonly string[],
  modelName: string,
  outer: ReadonlyMap<string, LayerNode>,
  inner: ReadonlyMap<string, LayerNode | undefined>,
): LayerNode | undefined {
  // Keras 3 begins with the model's name; a layer may have the same.
  const steps = path.slice(path[0] === modelName && path.length > 2 && outer.has(path[1] ?? '') ? 1 : 0, -1);
  const found = spans(steps).find((span) => outer.has(span));
  if (found !== undefined) return outer.get(found);
  const within = spans(steps).find((span) => inner.get(span) !== undefined);
  return within === undefined ? undefined : inner.get(within);
}

/** Whatever may be a layer's name in a path, from the left and longest first: names may hold slashes. */
function spans(steps: readonly string[]): string[] {
  return steps.flatMap((_, from) =>
    steps.slice(from).map((_step, less) => steps.slice(from, steps.length - less).join('/')),
  );
}

function complete(layer: LayerNode, own: ReadonlyMap<LayerNode, readonly StoredWeight[]>): boolean {
  return (own.get(layer)?.length ?? 0) >= (weightNames(layer.className, layer.config)?.weights.length ?? 0);
}

function has(layer: LayerNode, name: string): boolean {
  const short = name.replace(/_\d+$/, '');
  return weightNames(layer.className, layer.config)?.weights.some((weight) => weight.name === short) ?? false;
}

function namesInside(layer: LayerNode): string[] {
  const children = [...(layer.model?.layers ?? []), ...layer.children.values()];
  return children.flatMap((child) => [child.name, ...namesInside(child)]);
}
