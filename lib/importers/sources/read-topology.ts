import { normaliseLayer, policyName } from '../keras/normalise-config.js';
import { weightNames } from '../keras/weight-names.js';
import { badSource } from './bad-source.js';
import { asArray, asObject, asText, isObject, type Json } from './json.js';
import type { LayerNode, ModelNode } from './layer-node.js';
import { inKeyOrder, readCalls, readKey } from './read-calls.js';
import { readCells } from './read-cells.js';
import { renumberCalls } from './renumber-calls.js';

/** What the layers of one file have in common. */
export interface Dialect {
  /** Of the Keras that wrote it; TF.js speaks Keras 2. */
  readonly major: number;
}

const modelClasses = new Set(['Sequential', 'Functional', 'Model']);

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

const keras = /^(keras|keras_core|tf_keras|tensorflow\.(python\.)?keras)(\.|$)/;
const operations = /^(keras|keras_core)\.(src\.)?(ops|backend)(\.|$)/;

/** Whether Keras would need somebody's code to make it: it says so by a module or a registered name outside Keras. */
function isCustom({ class_name: className, module, registered_name: registered }: Json): boolean {
  if (typeof registered === 'string' && registered !== className) return true;
  return typeof module === 'string' && module !== '' && !keras.test(module);
}

function layerName(layer: Json): string {
  const config = isObject(layer.config) ? layer.config : {};
  return asText(layer.name ?? config.name, "a layer's name");
}

/** @param names of all layers of the functional model around it */
export function readLayer(layer: Json, dialect: Dialect, names: ReadonlySet<string>): LayerNode {
  const storedClass = asText(layer.class_name, "a layer's class_name");
  const custom = isCustom(layer);
  if (modelClasses.has(storedClass) && !custom) return readNested(layer, storedClass, dialect, names);
  const name = layerName(layer);
  const stated = asObject(layer.config, `the settings of the layer '${name}'`);
  refuseQuantized(name, stated);
  const described = custom
    ? { className: String(layer.registered_name ?? `${String(layer.module)}>${storedClass}`), config: stated }
    : normaliseLayer(
        { className: operation(layer, storedClass, stated, dialect.major), config: stated },
        dialect.major,
      );
  const { layer: inner, backward_layer: backward, cell, cells, function: code, ...config } = described.config;
  const batchShape = shapeOf(stated) ?? shapeOf(layer);
  const node: LayerNode = {
    name,
    className: described.className,
    storedClass,
    config: { ...config, name },
    trainable: stated.trainable !== false,
    calls: readCalls(name, layer.inbound_nodes, names),
    children: readChildren(described.className, inner, backward, dialect),
    ...(batchShape && { batchShape }),
  };
  return cell === undefined ? node : readCells(node, cell, dialect);
}

function readNested(layer: Json, storedClass: string, dialect: Dialect, names: ReadonlySet<string>): LayerNode {
  const model = readTopology(layer, dialect);
  const name = typeof layer.name === 'string' ? layer.name : model.name;
  const config = isObject(layer.config) ? layer.config : {};
  return {
    name,
    className: 'Functional',
    storedClass: storedClass === 'Model' ? 'Functional' : storedClass,
    config: { name },
    trainable: config.trainable !== false,
    calls: readCalls(name, layer.inbound_nodes, names),
    children: new Map(),
    model,
  };
}

function readChildren(className: string, inner: unknown, backward: unknown, dialect: Dialect): Map<string, LayerNode> {
  if (!isObject(inner)) return new Map();
  const child = readLayer(inner, dialect, new Set());
  if (className !== 'Bidirectional') return new Map([['layer', child]]);
  const mirrored: LayerNode = {
    ...child,
    config: { ...child.config, go_backwards: child.config.go_backwards !== true },
  };
  const other = isObject(backward) ? readLayer(backward, dialect, new Set()) : mirrored;
  return new Map([
    ['forward', child],
    ['backward', other],
  ]);
}

/**
 * Functions used as layers get the class `op:` and their name: `keras.ops.add` of Keras 3, and TensorFlow functions which
 * Keras 2 wraps (`TFOpLambda` of `tf.math.multiply`, `SlicingOpLambda`).
 */
function operation({ module }: Json, className: string, config: Json, major: number): string {
  if (className === 'TFOpLambda' || className === 'SlicingOpLambda') {
    return `op:${String(config.function).split('.').at(-1)?.toLowerCase()}`;
  }
  // Its .h5 files have no module; there layers are known by `trainable`, which just inputs and operations don't have.
  const weighty = (weightNames(className, config)?.weights.length ?? 0) > 0 || className === 'InputLayer';
  const bare = major >= 3 && module === undefined && !('trainable' in config) && !weighty;
  if (!bare && (typeof module !== 'string' || !operations.test(module))) return className;
  const name = snakeCase(className);
  return `op:${name === 'get_item' ? 'getitem' : name}`;
}

/** As Keras names things after their class: `GlobalAveragePooling2D` → `global_average_pooling2d`. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

function refuseQuantized(name: string, { dtype }: Json): void {
  const policy = isObject(dtype) ? dtype : undefined;
  const text = policy === undefined ? String(dtype) : `${String(policy.class_name)} ${policyName(policy)}`;
  if (/Quantized|int4|_from_/.test(text) || /^(int8|float8)$/.test(text)) {
    throw badSource(`the layer '${name}' is quantized (${text})`, 'save the model as it was before quantize()');
  }
}

/** The input's shape as a layer's settings or surroundings tell it, with the batch axis. */
function shapeOf(config: Json): (number | null)[] | undefined {
  const build = isObject(config.build_config) ? config.build_config.input_shape : undefined;
  const shape = config.batch_shape ?? config.batch_input_shape ?? config.build_input_shape ?? build;
  if (!Array.isArray(shape) || !shape.every((size) => size === null || (Number.isSafeInteger(size) && size >= 0))) {
    return undefined;
  }
  return shape as (number | null)[];
}
