import type { GraphSource } from '../graph/read-graph.js';
import type { KerasModel } from '../keras/keras-model.js';
import type { Json } from './json.js';

/** Of Keras, whatever wrote the file. */
export interface KerasSource {
  readonly kind: 'keras';
  readonly format: 'keras-zip' | 'keras-h5' | 'tfjs-layers';
  readonly model: KerasModel;
}

/** A TF.js graph model; its weights are dequantized. */
export interface TfjsGraphSource extends GraphSource {
  readonly kind: 'tfjs-graph';
  readonly userDefinedMetadata?: Json;
}

export interface SavedModelSource {
  readonly kind: 'saved-model';
  readonly folder: string;
  /** By path inside the folder, with slashes. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** A model as a team has it, read whole. */
export type Source = KerasSource | TfjsGraphSource | SavedModelSource;
