import type { GraphBuilder, GraphValue } from './graph-builder.js';
import type { SourceLayer } from './layer-source.js';
import { emitConv2d } from './layers/conv2d.js';
import { emitDense } from './layers/dense.js';
import { emitFlatten } from './layers/flatten.js';
import { emitMaxPooling2d } from './layers/max-pooling2d.js';

/** Adds a layer's nodes to the graph. @returns the layer's output */
export type Emitter = (graph: GraphBuilder, layer: SourceLayer, input: GraphValue) => GraphValue;

/** Keras class name → emitter. A class that is not here is refused by name. */
export const emitters: Readonly<Record<string, Emitter>> = {
  InputLayer: (_graph, _layer, input) => input,
  Conv2D: emitConv2d,
  MaxPooling2D: emitMaxPooling2d,
  Flatten: emitFlatten,
  Dense: emitDense,
};
