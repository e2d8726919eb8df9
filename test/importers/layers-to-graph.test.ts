import { describe, expect, test } from '@jest/globals';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { GraphFiles } from '../../lib/importers/graph-builder.js';
import { layersToGraph } from '../../lib/importers/layers-to-graph.js';
import { createDigitsNetwork } from '../../training/digits-network.js';
import { artifactsOf } from '../../training/layers-artifacts.js';

// Keeps TF.js from advertising tfjs-node.
tf.env().set('IS_TEST', true);

const names = { input: 'image', output: 'probabilities' };

async function load({ files }: GraphFiles) {
  const { modelTopology, weightsManifest, signature } = JSON.parse(
    Buffer.from(files.get('model.json') ?? []).toString(),
  );
  const [{ paths, weights }] = weightsManifest;
  const weightData = Uint8Array.from(files.get(paths[0]) ?? []).buffer;
  return loadGraphModel(tf.io.fromMemory({ modelTopology, weightSpecs: weights, weightData, signature }));
}

/** Every weight random, also the biases, which start at zero. */
function randomise(model: tfl.Sequential): tfl.Sequential {
  model.setWeights(model.getWeights().map(({ shape }, index) => tf.randomUniform(shape, -0.5, 0.5, 'float32', index)));
  return model;
}

async function largestDifference(model: tfl.Sequential, shape: number[]): Promise<number> {
  const graph = await load(layersToGraph(await artifactsOf(randomise(model)), names));
  const image = tf.randomUniform(shape, 0, 1, 'float32', 5);
  const expected = model.predict(image) as tf.Tensor;
  const actual = graph.execute({ image }, ['probabilities']) as tf.Tensor;
  expect(actual.shape).toEqual(expected.shape);
  return tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0] ?? Number.NaN;
}

const { conv2d, maxPooling2d, flatten, dense, inputLayer } = tfl.layers;

describe('a Sequential model of TF.js layers', () => {
  test('becomes a graph of fused ops with the names of the signature', async () => {
    const graph = layersToGraph(await artifactsOf(createDigitsNetwork(1)), names);
    const { node } = JSON.parse(Buffer.from(graph.files.get('model.json') ?? []).toString()).modelTopology;
    const ops = node.map(({ op }: { op: string }) => op).filter((op: string) => op !== 'Const');
    const convolution = ['_FusedConv2D', 'MaxPool'];
    const head = ['_FusedConv2D', 'Reshape', '_FusedMatMul', '_FusedMatMul', 'Softmax'];
    expect(ops).toEqual(['Placeholder', ...convolution, ...convolution, ...head]);
    expect(graph.signature).toEqual({
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 28, 28, 1] }],
      outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
    });
    const model = await load(graph);
    expect(model.inputs).toMatchObject([{ name: 'image', shape: [-1, 28, 28, 1], dtype: 'float32' }]);
    expect(model.outputs.map(({ name }) => name)).toEqual(['probabilities']);
  });

  test('answers as before: the digits network', async () => {
    expect(await largestDifference(createDigitsNetwork(1), [3, 28, 28, 1])).toBeLessThanOrEqual(1e-5);
  });

  test.each([
    [
      'strides, same padding, uneven sizes',
      { kernelSize: 3, strides: 2, padding: 'same' as const, inputShape: [9, 7, 2] },
    ],
    [
      'oblong kernels, no bias',
      { kernelSize: [2, 3], useBias: false, activation: 'relu' as const, inputShape: [6, 6, 1] },
    ],
    ['sizes known only at a request', { kernelSize: 2, inputShape: [null, null, 2] }],
  ])('answers as before: Conv2D with %s', async (_, config) => {
    const layers = [conv2d({ filters: 4, ...config }), maxPooling2d({ poolSize: [2, 3], strides: 2, padding: 'same' })];
    const [height, width, channels] = config.inputShape.map((size) => size ?? 8) as [number, number, number];
    const difference = await largestDifference(tfl.sequential({ layers }), [2, height, width, channels]);
    expect(difference).toBeLessThanOrEqual(1e-5);
  });

  test.each(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'tanh', 'softplus', 'softmax'] as const)(
    'answers as before: Dense with %s, with and without bias',
    async (activation) => {
      const layers = [
        inputLayer({ inputShape: [3, 2] }),
        flatten(),
        dense({ units: 5, activation }),
        dense({ units: 4, activation, useBias: false }),
      ];
      expect(await largestDifference(tfl.sequential({ layers }), [3, 3, 2])).toBeLessThanOrEqual(1e-5);
    },
  );

  test.each([
    [
      'an unknown layer',
      [tfl.layers.averagePooling2d({ inputShape: [4, 4, 1], name: 'mean' })],
      "layer 'mean' (AveragePooling2D) can't be imported: only InputLayer, Conv2D, ",
    ],
    ['an activation', [dense({ units: 2, activation: 'selu', inputShape: [2], name: 'd' })], "layer 'd' (Dense)"],
    [
      'a dilation',
      [conv2d({ filters: 1, kernelSize: 2, dilationRate: 2, inputShape: [5, 5, 1], name: 'c' })],
      'dilation_rate',
    ],
    [
      'another order of channels',
      [conv2d({ filters: 1, kernelSize: 2, dataFormat: 'channelsFirst', inputShape: [1, 5, 5] })],
      'channels_last',
    ],
    ['Dense on images', [dense({ units: 2, inputShape: [4, 4, 1], name: 'wide' })], "layer 'wide' (Dense)"],
  ])('is refused by name for %s', async (_, layers, message) => {
    const artifacts = await artifactsOf(tfl.sequential({ layers }));
    expect(() => layersToGraph(artifacts, names)).toThrow(message);
  });

  test('is refused when it is no Sequential model or has no weights', async () => {
    const artifacts = await artifactsOf(createDigitsNetwork(1));
    const functional = { ...artifacts, modelTopology: { class_name: 'Functional', config: {} } };
    expect(() => layersToGraph(functional, names)).toThrow('only a Sequential model can be imported');
    const { weightData: _, ...bare } = artifacts;
    expect(() => layersToGraph(bare, names)).toThrow('without its weights');
  });
});
