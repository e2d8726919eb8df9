import type { Json } from './json.js';

/** A layer as a file describes it, normalised, before it meets its weights. Shared by all its calls: identity counts. */
export interface LayerNode {
  readonly name: string;
  readonly className: string;
  /** The class as the file calls it: `.keras` files address weights by it. */
  readonly storedClass: string;
  readonly config: Json;
  /** Frozen layers come last in the order of a legacy file's weights. */
  readonly trainable: boolean;
  readonly calls: readonly NodeCall[];
  /** Layers inside a wrapper, by KerasLayer's names for them. */
  readonly children: ReadonlyMap<string, LayerNode>;
  /** Recurrent layers one after the other: what an RNN over several cells is. */
  readonly stack?: readonly LayerNode[];
  readonly model?: ModelNode;
  /** With the batch axis: of an InputLayer, or of whatever layer comes first. */
  readonly batchShape?: readonly (number | null)[];
}

export interface ModelNode {
  readonly name: string;
  /** As layers of the file; a Sequential's without its InputLayer. */
  readonly layers: readonly LayerNode[];
  readonly inputs: readonly TensorKey[];
  readonly outputs: readonly { readonly name: string; readonly key: TensorKey }[];
}

/** Output `tensor` of the call number `call` of a layer. */
export interface TensorKey {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

export interface NodeCall {
  readonly args: readonly NodeArgument[];
  readonly kwargs: ReadonlyMap<string, NodeArgument>;
}

export type NodeArgument =
  | { readonly kind: 'tensor'; readonly key: TensorKey }
  | { readonly kind: 'list'; readonly items: readonly NodeArgument[] }
  | { readonly kind: 'constant'; readonly value: unknown };
