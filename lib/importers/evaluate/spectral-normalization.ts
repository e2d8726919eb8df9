import { ModeletError } from '../../core/errors.js';
import { evaluateCall, type LayerFunction } from './evaluate.js';

/** At inference the wrapped layer alone: its kernel was divided by its spectral norm while training. */
export const spectralNormalization: Record<string, LayerFunction> = {
  SpectralNormalization: (call) => {
    const layer = call.layer.children.get('layer');
    if (layer === undefined) {
      throw new ModeletError('INVALID_INPUT', `layer '${call.layer.name}' wraps nothing; correct the model file`);
    }
    return evaluateCall({ ...call, layer });
  },
};
