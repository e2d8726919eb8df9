import type { Manifest } from '../core/manifest.js';
import type { TensorSpec, Tensors } from '../core/tensor.js';
import type { Quantization } from '../importers/graph/quantize.js';
import type { Draft } from '../registry/publish.js';
import type { UnsupportedOp } from '../runtime/unsupported-ops.js';
import type { NumberRange } from './proof-inputs.js';

/** A source brought to the form that is served, with what can prove it. */
export interface ImportedModel extends Pick<Draft, 'source' | 'signature' | 'savedModel'> {
  /** The files that are served. @throws INVALID_INPUT where a weight has no room in the quantized form */
  files(quantization?: Quantization): Draft['files'];
  /** Another implementation of the same model. */
  readonly reference: Reference;
  /** What numbers an input takes, where the model itself tells. */
  range(spec: TensorSpec): NumberRange | undefined;
  /** By how much the model itself scales its input first, where that brings pixels of 0…255 to about 0…1. */
  readonly ownScale: number | undefined;
  /** Ops that a backend can't compute rightly; such a backend can't serve the model. */
  unsupported(backend: string): readonly UnsupportedOp[];
}

/** Computes what the published form must answer. */
export interface Reference {
  /** Who it is, for the manifest: `evaluator of Keras 3.15.1's definitions`. */
  readonly by: string;
  /** @throws whatever inputs of impossible sizes make it throw */
  predict(inputs: Tensors): Promise<Tensors>;
}

export type Parity = NonNullable<Manifest['parity']>[number];
