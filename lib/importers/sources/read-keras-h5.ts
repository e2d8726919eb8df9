import type { KerasModel } from '../keras/keras-model.js';
import { badSource } from './bad-source.js';
import { bindWeights, type WeightRecipe } from './bind-weights.js';
import { buildModel } from './build-model.js';
import { groupAt, hdf5Loader, namedWeights, namesAttribute, textAttribute } from './hdf5-weights.js';
import { parseJsonText } from './json.js';
import { majorOf } from './keras-version.js';
import type { LayerNode } from './layer-node.js';
import type { Hdf5File } from './open-hdf5.js';
import { readTopology } from './read-topology.js';

/**
 * A whole model in one HDF5 file, as Keras 1.2, 2 and 3 write it (`model.save('m.h5')`): the description is the attribute
 * `model_config`, each layer's weights are a group of `model_weights`.
 */
export async function readKerasH5(file: Hdf5File): Promise<KerasModel> {
  const { root } = file;
  const config = textAttribute(root, 'model_config');
  if (config === undefined) {
    const weightsOnly =
      root.groups.has('layers') ||
      root.attributes.has('layer_names') ||
      root.groups.has('_layer_checkpoint_dependencies');
    throw badSource(
      weightsOnly ? 'the HDF5 file holds weights without a model' : 'the HDF5 file holds no Keras model',
      'save the whole model: model.save(…), not model.save_weights(…)',
    );
  }
  const weights = root.groups.get('model_weights') ?? root;
  // Keras 1 began to write its version with 1.2; Keras 2 takes a missing one for 1, too.
  const version = textAttribute(root, 'keras_version') ?? textAttribute(weights, 'keras_version') ?? '1';
  const backend = textAttribute(root, 'backend') ?? textAttribute(weights, 'backend');
  const origin = { major: majorOf(version), theano: backend === 'theano' };
  const model = readTopology(parseJsonText(config, 'model_config'), origin);
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const stray = (namesAttribute(weights, 'layer_names') ?? []).find((name) => {
    const group = groupAt(weights, name);
    return !layers.has(name) && group !== undefined && (namesAttribute(group, 'weight_names') ?? []).length > 0;
  });
  if (stray !== undefined)
    throw badSource(`the file has weights of a layer '${stray}' which is not in the model`, 'save the model again');
  const binding = new Map<LayerNode, Map<string, WeightRecipe>>();
  for (const layer of layers.values()) {
    const group = groupAt(weights, layer.name);
    const stored = group === undefined ? [] : namedWeights(group, layer.name);
    for (const [leaf, recipes] of bindWeights(layer, stored, origin)) binding.set(leaf, recipes);
  }
  return buildModel(model, version, binding, hdf5Loader(file));
}
