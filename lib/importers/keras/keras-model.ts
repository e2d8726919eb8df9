import type { Datatype, Tensor } from '../../core/tensor.js';

/**
 * A Keras model as every source is brought to: Sequential, functional and nested models become one list of calls, whatever
 * Keras wrote the file. The emitter and the evaluator both start from here.
 */
export interface KerasModel {
  readonly name: string;
  /** Of Keras as the file says it, e.g. `2.15.0`; `tfjs-layers 1.1.0` for a model made in TF.js. */
  readonly kerasVersion: string;
  readonly inputs: readonly KerasInput[];
  /** In an order in which every call's arguments come before it. Inputs of the model are no calls. */
  readonly calls: readonly KerasCall[];
  readonly outputs: readonly { readonly name: string; readonly value: ValueRef }[];
}

export interface KerasInput {
  readonly name: string;
  readonly datatype: Datatype;
  /** With the batch axis; -1 takes any size. */
  readonly shape: readonly number[];
}

/** One use of a layer; a shared layer has several. */
export interface KerasCall {
  readonly layer: KerasLayer;
  /** Positional arguments; nearly always one value, or one list of values (merge layers). */
  readonly args: readonly Argument[];
  /** By name: `mask`, `initial_state`, `value`, `use_causal_mask` …; null and default ones are left out. */
  readonly kwargs: Readonly<Record<string, Argument>>;
}

/** Something computed: input number `input` of the model, or output number `output` of call number `call`. */
export type ValueRef = { readonly input: number } | { readonly call: number; readonly output: number };

/** What a call is given. */
export type Argument =
  | { readonly kind: 'value'; readonly ref: ValueRef }
  | { readonly kind: 'list'; readonly items: readonly Argument[] }
  | { readonly kind: 'constant'; readonly value: unknown };

/**
 * A layer with its settings and weights.
 *
 * `config` has Keras 3's names and normalised values: pairs and triples as arrays of the layer's rank (`kernel_size: [3, 3]`,
 * also where a file says 3), `padding` one of valid, same, causal in lower case, `data_format` filled in, an activation as its
 * plain name (`relu`) or, where it has settings, as `{ class_name, config }`. The hard sigmoid of Keras 1 and 2,
 * clip(0.2x + 0.5), is called `hard_sigmoid_02`; `hard_sigmoid` is Keras 3's relu6(x + 3) / 6.
 */
export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** FP32 (INT32 where Keras has integers), by the short name within the layer: `kernel`, `bias`, `query/kernel`. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /**
   * Layers inside a wrapper: `layer` (TimeDistributed), `forward` and `backward` (Bidirectional). Weights of an inner layer are its own.
   * A whole model inside a wrapper is a layer of class `Functional` whose `model` says what it does.
   */
  readonly children: ReadonlyMap<string, KerasLayer>;
  /** Only where a model stands inside a wrapper (TimeDistributed over a model); nested models elsewhere are flattened into calls. */
  readonly model?: KerasModel;
}
