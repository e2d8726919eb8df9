import type { Manifest } from './manifest.js';
import type { Tensors } from './tensor.js';
import type { VersionFiles } from './version-files.js';

/**
 * What executes models: plans on kernels of our own (`runtime/plan-engine.ts`), and TF.js (`runtime/tfjs-engine.ts`, on two
 * backends). The seam knows plain tensors only, so that another engine can stand beside them.
 */
export interface Engine {
  /** `wasm` or `tensorflow`: what logs, cards and `verify` call it. */
  readonly backend: string;
  /** Bytes of weights that it can hold in any case, however much memory there is. */
  readonly mostWeights: number;
  /** Bytes of memory that a byte of weights takes at most, once it has been used. */
  readonly memoryPerWeight: number;
  /** Makes it ready for a load, which does that too: called early, it goes on while the registry is read. */
  start(): Promise<void>;
  /**
   * Brings a version's graph and weights into memory. Nothing is checked against the golden output here.
   * @param memory bytes that all models together may take
   * @throws MODEL_CORRUPT for files that don't make a model, MODEL_UNAVAILABLE where it can't fit: then nothing large was read
   */
  load(manifest: Manifest, files: VersionFiles, memory?: number): Promise<LoadedModel>;
}

export interface LoadedModel {
  /**
   * One forward pass. All inputs of the signature, shapes with the batch axis; all outputs in the signature's order.
   * @throws INFERENCE_FAILED when the engine fails or an output holds NaN or Infinity, MODEL_UNAVAILABLE when memory runs out,
   *   INVALID_INPUT for FP32 values so large that the engine could not tell an overflow
   */
  predict(inputs: Tensors): Promise<Tensors>;
  /**
   * The same on another thread, while this one goes on: for work of many passes. Missing where there is no second processor, or
   * the engine uses all of them anyway.
   */
  readonly predictBeside?: ((inputs: Tensors) => Promise<Tensors>) | undefined;
  /** False once the engine can't be trusted with this model any more (a trap, a full heap): load it afresh. */
  readonly usable: boolean;
  /** What whoever runs it should know, once a load: a stored plan that could not be used. */
  readonly warning?: string;
  /** Frees weights. Call it once, when no predict is running. */
  dispose(): void;
}
