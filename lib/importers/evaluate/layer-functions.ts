import type { LayerFunction } from './evaluate.js';

/** Keras class name → its definition. */
export const layerFunctions: ReadonlyMap<string, LayerFunction> = new Map([]);
