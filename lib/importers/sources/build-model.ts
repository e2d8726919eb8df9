import type { Tensor } from '../../core/tensor.js';
import type { KerasLayer, KerasModel } from '../keras/keras-model.js';
import type { WeightRecipe } from './bind-weights.js';
import { flatten } from './flatten.js';
import type { LayerNode, ModelNode } from './layer-node.js';
import type { LoadWeights } from './stored-weight.js';

/** Where each layer's weights lie, by their short names. */
export type Binding = ReadonlyMap<LayerNode, ReadonlyMap<string, WeightRecipe>>;

/** The model with its weights, which are read just now: everything about them has been checked before. */
export async function buildModel(
  model: ModelNode,
  kerasVersion: string,
  binding: Binding,
  load: LoadWeights,
): Promise<KerasModel> {
  const recipes = [...binding.values()].flatMap((weights) => [...weights.values()]);
  const loaded = await load([...new Set(recipes.flatMap(({ parts }) => parts))]);
  const build = (layer: LayerNode, name: string): KerasLayer => {
    const weights = new Map<string, Tensor>();
    for (const [short, { parts, assemble }] of binding.get(layer) ?? []) {
      weights.set(short, assemble(parts.map((part) => loaded.get(part) as Tensor)));
    }
    const children = new Map([...layer.children].map(([role, child]) => [role, build(child, `${name}/${child.name}`)]));
    const inner = layer.model === undefined ? {} : { model: flatten(layer.model, kerasVersion, build) };
    return { name, className: layer.className, config: layer.config, weights, children, ...inner };
  };
  return flatten(model, kerasVersion, build);
}
