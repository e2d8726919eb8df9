import { Buffer } from 'node:buffer';

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface Layer {
  readonly name: string;
  /** As Keras calls it: `Conv2D`. */
  readonly className: string;
  /** As Keras 2 writes it, without the name. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers whose outputs it takes; none for an InputLayer. */
  readonly inputs: readonly string[];
  readonly weights: readonly Weight[];
}

/**
 * A layers model as TF.js' converter writes it: what the naive handler loads, and what modelet publishes.
 * @param layers in an order in which each stands after its inputs; the first is the input, the last the output
 * @returns `model.json` and `weights.bin`
 */
export function layersModelFiles(layers: readonly Layer[]): ReadonlyMap<string, Uint8Array> {
  const weights = layers.flatMap((layer) => layer.weights);
  const ends = (layer: Layer | undefined) => [[layer?.name, 0, 0]];
  const config = {
    name: 'network',
    layers: layers.map(({ name, className, config, inputs }) => ({
      name,
      class_name: className,
      config: { name, ...config },
      inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
    })),
    input_layers: ends(layers[0]),
    output_layers: ends(layers.at(-1)),
  };
  const model = {
    format: 'layers-model',
    modelTopology: {
      keras_version: '2.15.0',
      backend: 'tensorflow',
      model_config: { class_name: 'Functional', config },
    },
    weightsManifest: [
      { paths: ['weights.bin'], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
    ],
  };
  const bytes = weights.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return new Map([
    ['model.json', Buffer.from(JSON.stringify(model))],
    ['weights.bin', Buffer.concat(bytes)],
  ]);
}
