import { badSource } from './bad-source.js';
import type { LayerNode, ModelNode, NodeCall, TensorKey } from './layer-node.js';
import { tensorsOf } from './renumber-calls.js';

interface OrderedCall {
  readonly layer: LayerNode;
  /** Which of the layer's calls. */
  readonly index: number;
  readonly node: NodeCall;
}

/**
 * The calls that a model's outputs need, each after those it takes its arguments from. Without recursion: models may be
 * thousands of layers deep.
 * @throws INVALID_INPUT for a layer that is not there, and for a circle
 */
export function orderCalls(model: ModelNode): OrderedCall[] {
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const inputs = new Set(model.inputs.map(({ layer }) => layer));
  const ordered: OrderedCall[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const pending: TensorKey[] = model.outputs.map(({ key }) => key).reverse();
  for (let key = pending.at(-1); key !== undefined; key = pending.at(-1)) {
    const id = `${key.call} ${key.layer}`;
    if (inputs.has(key.layer) || state.get(id) === 'done') {
      pending.pop();
      continue;
    }
    const layer = layers.get(key.layer);
    const node = layer?.calls[key.call];
    if (layer === undefined || node === undefined) {
      throw badSource(
        `the model asks for call ${key.call} of the layer '${key.layer}', which is not there`,
        'save it again',
      );
    }
    const needed = [...node.args, ...node.kwargs.values()]
      .flatMap(tensorsOf)
      .filter(({ layer: name, call }) => !inputs.has(name) && state.get(`${call} ${name}`) !== 'done');
    if (needed.length === 0) {
      pending.pop();
      state.set(id, 'done');
      ordered.push({ layer, index: key.call, node });
    } else if (state.get(id) === 'open') {
      throw badSource(`the calls around the layer '${key.layer}' go in a circle`, 'save the model again');
    } else {
      state.set(id, 'open');
      pending.push(...needed);
    }
  }
  return ordered;
}
