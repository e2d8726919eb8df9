import { badSource } from './bad-source.js';
import { isCustom, modelClasses } from './class-names.js';
import { asArray, asObject, asText, isObject, type Json } from './json.js';
import type { LayerNode, ModelNode } from './layer-node.js';
import { inKeyOrder, readKey } from './read-calls.js';
import { type Dialect, layerName, readLayer, shapeOf } from './read-layer-node.js';
import { renumberCalls } from './renumber-calls.js';

/**
 * A model's description (`{ class_name, config }`) as layers and calls.
 * @throws INVALID_INPUT when it is no Sequential or functional model
 */
export function readTopology(described: unknown, dialect: Dialect): ModelNode {
  const model = asObject(described, "the model's description");
  const className = asText(model.class_name, "the model's class_name");
  if (!modelClasses.has(className) || isCustom(model)) {
    throw badSource(
      `the model is of the class ${className}, which is code of its own`,
      'save a Sequential or functional model, or export a SavedModel and convert it to a TF.js graph model',
    );
  }
  return className === 'Sequential' ? readSequential(model, dialect) : readFunctional(model, dialect);
}

function readSequential(model: Json, dialect: Dialect): ModelNode {
  // Keras before 2.2.3 wrote just the list.
  const config = isObject(model.config) ? model.config : {};
  const described = Array.isArray(model.config) ? model.config : asArray(config.layers, "the Sequential's layers");
  const read = described.map((layer) => readLayer(asObject(layer, 'a layer'), dialect, new Set()));
  const [first] = read;
  if (first === undefined) throw badSource('the Sequential has no layers', 'save a model with layers');
  const layers = read.filter(({ className }) => className !== 'InputLayer');
  const name = typeof config.name === 'string' ? config.name : 'sequential';
  const input = first.className === 'InputLayer' ? first : impliedInput(first, shapeOf(config) ?? shapeOf(model));
  const chained = layers.map((layer, index): LayerNode => {
    const previous = layers[index - 1] ?? input;
    return {
      ...layer,
      calls: [{ args: [{ kind: 'tensor', key: { layer: previous.name, call: 0, tensor: 0 } }], kwargs: new Map() }],
    };
  });
  const last = chained.at(-1) ?? input;
  return {
    name,
    layers: [input, ...chained],
    inputs: [{ layer: input.name, call: 0, tensor: 0 }],
    outputs: [{ name: last.name, key: { layer: last.name, call: 0, tensor: 0 } }],
  };
}

/** The input that Keras makes where a Sequential begins with another layer. */
function impliedInput(first: LayerNode, built: readonly (number | null)[] | undefined): LayerNode {
  const batchShape = first.batchShape ?? [...first.children.values()][0]?.batchShape ?? built;
  const inner = first.model?.layers.find(({ name }) => name === first.model?.inputs[0]?.layer);
  if (batchShape === undefined && inner === undefined) {
    throw badSource(
      "the Sequential doesn't tell the shape of its input",
      'save it with an Input layer, or after calling it',
    );
  }
  // Token numbers are integers, whatever Keras 2 says of the input it makes.
  const dtype = first.className === 'Embedding' ? 'int32' : (inner?.config.dtype ?? 'float32');
  return {
    name: `${first.name}_input`,
    className: 'InputLayer',
    storedClass: 'InputLayer',
    config: { dtype },
    trainable: true,
    calls: [],
    children: new Map(),
    ...((batchShape ?? inner?.batchShape) && { batchShape: batchShape ?? inner?.batchShape ?? [] }),
  };
}

function readFunctional(model: Json, dialect: Dialect): ModelNode {
  const config = asObject(model.config, "the model's config");
  const described = asArray(config.layers, "the model's layers").map((layer) => asObject(layer, 'a layer'));
  const names = new Set(described.map(layerName));
  const layers = described.map((layer) => readLayer(layer, dialect, names));
  const duplicate = layers.find(({ name }, index) => layers.findIndex((other) => other.name === name) !== index);
  if (duplicate !== undefined)
    throw badSource(`two layers are called '${duplicate.name}'`, 'give layers names of their own');
  const inputs = readEnds(config.input_layers, 'input_layers').map(({ key }) => key);
  const outputs = unique(readEnds(config.output_layers, 'output_layers'));
  const name = typeof config.name === 'string' ? config.name : 'model';
  return { name, inputs, ...renumberCalls(layers, outputs, dialect.major) };
}

type End = ModelNode['outputs'][number];

/** `[layer, call, tensor]`, a list of them however nested, or an object of them, which Keras takes in the order of its keys. */
function readEnds(value: unknown, what: string): End[] {
  if (isObject(value)) return inKeyOrder(value).flatMap((item) => readEnds(item, what));
  const entry = asArray(value, what);
  if (typeof entry[0] !== 'string') return entry.flatMap((item) => readEnds(item, what));
  const key = readKey(entry, what);
  return [{ name: key.layer, key }];
}

/** The same layer may yield several outputs. */
function unique(ends: readonly End[]): End[] {
  const taken = new Set<string>();
  return ends.map(({ name, key }) => {
    let free = name;
    for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
    taken.add(free);
    return { name: free, key };
  });
}
