import { normaliseLayer, policyName } from '../keras/normalise-config.js';
import { badSource } from './bad-source.js';
import { isCustom, modelClasses, operation } from './class-names.js';
import { asObject, asText, isObject, type Json } from './json.js';
import type { LayerNode } from './layer-node.js';
import { readCalls } from './read-calls.js';
import { readCells } from './read-cells.js';
import { readTopology } from './read-topology.js';

/** What the layers of one file have in common. */
export interface Dialect {
  /** Of the Keras that wrote it; TF.js speaks Keras 2. */
  readonly major: number;
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

function refuseQuantized(name: string, { dtype }: Json): void {
  const policy = isObject(dtype) ? dtype : undefined;
  const text = policy === undefined ? String(dtype) : `${String(policy.class_name)} ${policyName(policy)}`;
  if (/Quantized|int4|_from_/.test(text) || /^(int8|float8)$/.test(text)) {
    throw badSource(`the layer '${name}' is quantized (${text})`, 'save the model as it was before quantize()');
  }
}

/** The input's shape as a layer's settings or surroundings tell it, with the batch axis. */
export function shapeOf(config: Json): (number | null)[] | undefined {
  const build = isObject(config.build_config) ? config.build_config.input_shape : undefined;
  const shape = config.batch_shape ?? config.batch_input_shape ?? config.build_input_shape ?? build;
  if (!Array.isArray(shape) || !shape.every((size) => size === null || (Number.isSafeInteger(size) && size >= 0))) {
    return undefined;
  }
  return shape as (number | null)[];
}

export function layerName(layer: Json): string {
  const config = isObject(layer.config) ? layer.config : {};
  return asText(layer.name ?? config.name, "a layer's name");
}
