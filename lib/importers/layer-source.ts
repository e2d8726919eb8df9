import * as tf from '@tensorflow/tfjs-core';
import * as v from 'valibot';
import { ModeletError } from '../core/errors.js';
import { makeTensor, type Tensor } from '../core/tensor.js';

/** A Keras layer as its model file describes it. */
export interface SourceLayer {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** By the name within the layer: `kernel`, `bias`. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

const layerSchema = v.object({
  class_name: v.string(),
  config: v.looseObject({ name: v.string() }),
});
const topologySchema = v.object({
  class_name: v.literal('Sequential', 'only a Sequential model can be imported'),
  config: v.object({ name: v.string(), layers: v.pipe(v.array(layerSchema), v.nonEmpty()) }),
});

/**
 * The layers of a Sequential model with their weights, in order.
 * @param artifacts what tfjs-layers saves, or what TF.js reads from a layers `model.json`
 * @throws INVALID_INPUT
 */
export function readLayers(artifacts: tf.io.ModelArtifacts): SourceLayer[] {
  const parsed = v.safeParse(topologySchema, artifacts.modelTopology, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new ModeletError('INVALID_INPUT', `modelTopology: ${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  }
  const weights = readWeights(artifacts);
  return parsed.output.config.layers.map(({ class_name, config }) => ({
    name: config.name,
    className: class_name,
    config,
    weights: weights.get(config.name) ?? new Map(),
  }));
}

/** Layer → name within the layer → numbers. */
function readWeights({ weightData, weightSpecs }: tf.io.ModelArtifacts): Map<string, Map<string, Tensor>> {
  if (weightData === undefined || weightSpecs === undefined) {
    throw new ModeletError('INVALID_INPUT', 'the model comes without its weights; save or load it with them');
  }
  const layers = new Map<string, Map<string, Tensor>>();
  const decoded = tf.io.decodeWeights(weightData as ArrayBuffer, weightSpecs);
  for (const [fullName, values] of Object.entries(decoded)) {
    const slash = fullName.lastIndexOf('/');
    const layer = layers.get(fullName.slice(0, slash)) ?? new Map<string, Tensor>();
    const data = Float32Array.from(values.dataSync());
    layers.set(fullName.slice(0, slash), layer.set(fullName.slice(slash + 1), makeTensor('FP32', values.shape, data)));
    values.dispose();
  }
  return layers;
}

/**
 * A layer's settings, held against a schema.
 * @throws INVALID_INPUT naming the layer and the first setting that is not supported
 */
export function readConfig<S extends v.GenericSchema>(layer: SourceLayer, schema: S): v.InferOutput<S> {
  const parsed = v.safeParse(schema, layer.config, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw refused(layer, `${v.getDotPath(issue) ?? 'its settings'}: ${issue.message}`);
}

/** A weight that the layer can't do without, of this rank. */
export function readWeight(layer: SourceLayer, name: string, rank: number): Tensor {
  const weight = layer.weights.get(name);
  if (weight?.shape.length === rank) return weight;
  const found = weight === undefined ? 'is missing' : `has ${weight.shape.length} dimensions`;
  throw refused(layer, `its weight '${name}' ${found}; a tensor of ${rank} dimensions is expected`);
}

/** INVALID_INPUT about a layer, by name and class. */
export function refused(layer: Pick<SourceLayer, 'name' | 'className'>, problem: string): ModeletError {
  return new ModeletError('INVALID_INPUT', `layer '${layer.name}' (${layer.className}) can't be imported: ${problem}`);
}
