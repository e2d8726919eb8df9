import { normaliseLayer } from '../keras/normalise-config.js';
import { asArray, asObject, isObject, type Json } from './json.js';
import type { LayerNode } from './layer-node.js';
import type { Dialect } from './read-layer-node.js';

/** A recurrent layer is an RNN over its cell. */
const layerOfCell: Readonly<Record<string, string>> = { SimpleRNNCell: 'SimpleRNN', GRUCell: 'GRU', LSTMCell: 'LSTM' };

/**
 * `RNN` as the layer that its cell makes of it, or as a stack of layers where it has several cells: each but the last then
 * returns its whole sequence. Cells of one's own stay an `RNN`.
 */
export function readCells(rnn: LayerNode, cell: unknown, dialect: Dialect): LayerNode {
  const described = cellsOf(cell);
  const cells = described.map((one) => recurrentOf(rnn, one, dialect));
  if (cells.some((one) => one === undefined)) return rnn;
  const layers = cells as LayerNode[];
  const [only] = layers;
  if (layers.length === 1 && only !== undefined) return { ...only, storedClass: rnn.storedClass };
  // What a stack returns as its state is a list of its cells' states; and of a sequence that the first layer has turned round, the
  // others would need the mask turned round.
  if (rnn.config.return_state === true || rnn.config.go_backwards === true) return rnn;
  const stack = layers.map((layer, index) => ({
    ...layer,
    name: `${rnn.name}/${index}`,
    config: {
      ...layer.config,
      return_sequences: index < layers.length - 1 || rnn.config.return_sequences === true,
    },
  }));
  return { ...rnn, stack };
}

function cellsOf(cell: unknown): readonly unknown[] {
  if (Array.isArray(cell)) return cell;
  const { class_name: className, config } = asObject(cell, "an RNN's cell");
  return className === 'StackedRNNCells' && isObject(config) ? asArray(config.cells, 'cells') : [cell];
}

function recurrentOf(rnn: LayerNode, cell: unknown, dialect: Dialect): LayerNode | undefined {
  const described: Json = asObject(cell, "an RNN's cell");
  const storedClass = String(described.class_name);
  const className = Object.hasOwn(layerOfCell, storedClass) ? layerOfCell[storedClass] : undefined;
  if (className === undefined || !isObject(described.config)) return undefined;
  const { config } = normaliseLayer({ className, config: described.config }, dialect.major);
  return { ...rnn, className, storedClass, config: { ...config, ...rnn.config } };
}
