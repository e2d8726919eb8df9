import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import type { KerasModel } from '../../../lib/importers/keras/keras-model.js';
import { readLayersTopology } from '../../../lib/importers/sources/read-tfjs.js';
import { readManifestWeights } from '../../../lib/importers/sources/tfjs-weights.js';
import { describeModel } from './describe-model.js';

/** A model of tfjs-layers as it saves itself. */
async function saved(model: tfl.LayersModel): Promise<KerasModel> {
  let artifacts: tf.io.ModelArtifacts = {};
  const keep = tf.io.withSaveHandler(async (all) => {
    artifacts = all;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(keep);
  const bytes = new Uint8Array(artifacts.weightData as ArrayBuffer);
  return readLayersTopology(artifacts.modelTopology as never, [
    { weights: readManifestWeights(artifacts.weightSpecs, new Set()), bytes },
  ]);
}

/** The default, orthogonal, needs methods on tensors that just the whole of TF.js has. */
const recurrentInitializer = 'glorotUniform';

const lstm = 'LSTM(kernel,recurrent_kernel,bias)';

describe('models of tfjs-layers', () => {
  test('wrappers, models inside, frozen layers and initial states', async () => {
    const inner = tfl.sequential({ name: 'inner' });
    inner.add(tfl.layers.dense({ units: 4, inputShape: [6], name: 'first' }));
    inner.add(tfl.layers.batchNormalization({ name: 'norm' }));
    inner.add(tfl.layers.dense({ units: 3, name: 'second', trainable: false }));
    const x = tfl.input({ shape: [5, 6], name: 'x' });
    const both = tfl.layers.bidirectional({
      layer: tfl.layers.lstm({ units: 3, returnSequences: true, recurrentInitializer }) as tfl.RNN,
      mergeMode: 'concat',
      name: 'both',
    });
    const each = tfl.layers.timeDistributed({ layer: tfl.layers.dense({ units: 6 }), name: 'each' });
    const flat = tfl.layers.lstm({ units: 6, name: 'flat', recurrentInitializer });
    const features = flat.apply(each.apply(both.apply(x))) as tfl.SymbolicTensor;
    const y = tfl.layers
      .add({ name: 'sum' })
      .apply([inner.apply(features), inner.apply(features)] as tfl.SymbolicTensor[]);
    const model = tfl.model({ inputs: x, outputs: y as tfl.SymbolicTensor, name: 'outer' });
    const read = await saved(model);
    const block = 'Dense(kernel,bias) BatchNormalization(gamma,beta,moving_mean,moving_variance) Dense(kernel,bias)';
    expect(describeModel(read)).toBe(
      `tfjs-layers 4.22.0 x:FP32[-1,5,6] → Bidirectional(forward=${lstm},backward=${lstm}) ` +
        `TimeDistributed(layer=Dense(kernel,bias)) ${lstm} ${block} ${block} Add → sum`,
    );
    const [, , , first, , second] = read.calls.map(({ layer }) => layer);
    expect(first?.weights.get('kernel')?.data).toEqual(inner.layers[0]?.getWeights()[0]?.dataSync());
    expect(second?.weights.get('kernel')?.data).toEqual(inner.layers[2]?.getWeights()[0]?.dataSync());
    const weights = both.getWeights();
    const children = read.calls[0]?.layer.children;
    expect(children?.get('forward')?.weights.get('kernel')?.data).toEqual(weights[0]?.dataSync());
    expect(children?.get('backward')?.weights.get('kernel')?.data).toEqual(weights[3]?.dataSync());
  });

  test('a GRU is the older one, and cells make layers', async () => {
    const cells = [
      tfl.layers.gruCell({ units: 3, recurrentInitializer }),
      tfl.layers.simpleRNNCell({ units: 2, recurrentInitializer }),
    ];
    const model = tfl.sequential({ name: 's' });
    model.add(tfl.layers.gru({ units: 4, returnSequences: true, recurrentInitializer, inputShape: [null, 2] }));
    model.add(tfl.layers.rnn({ cell: cells, returnSequences: false }));
    const read = await saved(model);
    expect(describeModel(read)).toMatch(
      /→ GRU\(kernel,recurrent_kernel,bias\) GRU\(kernel,recurrent_kernel,bias\) SimpleRNN\(kernel,recurrent_kernel,bias\) →/,
    );
    expect(read.calls[0]?.layer.config).toMatchObject({ reset_after: false, recurrent_activation: 'hard_sigmoid_02' });
  });
});

describe("weights by their names in a converter's manifest", () => {
  const sequential = (layers: unknown[], name = 'sequential_1') => ({
    class_name: 'Sequential',
    config: { name, layers },
  });
  const dense = (name: string, units: number, more: object = {}) => ({
    class_name: 'Dense',
    config: { name, units, activation: 'relu', ...more },
  });

  /** Each weight is filled with its place in the list. */
  async function read(topology: object, specs: readonly (readonly [string, readonly number[]])[]): Promise<KerasModel> {
    const weights = readManifestWeights(
      specs.map(([name, shape]) => ({ name, shape, dtype: 'float32' })),
      new Set(),
    );
    const numbers = specs.flatMap(([, shape], index) => Array<number>(shape.reduce((a, b) => a * b, 1)).fill(index));
    return readLayersTopology({ model_config: topology, keras_version: '3.5.0' }, [
      { weights, bytes: new Uint8Array(Float32Array.from(numbers).buffer) },
    ]);
  }
  const firsts = (model: KerasModel) =>
    model.calls.map(({ layer }) => [...layer.weights].map(([name, { data }]) => `${name}=${data[0]}`).join(' '));

  test("Keras 3's prefix, and names sorted", async () => {
    const model = await read(sequential([dense('d', 2, { batch_input_shape: [null, 2] }), dense('e', 2)]), [
      ['sequential_1/d/bias', [2]],
      ['sequential_1/d/kernel', [2, 2]],
      ['sequential_1/e/bias', [2]],
      ['sequential_1/e/kernel', [2, 2]],
    ]);
    expect(firsts(model)).toEqual(['kernel=1 bias=0', 'kernel=3 bias=2']);
  });

  test('a layer inside that is called as one outside', async () => {
    const inner = sequential([dense('d', 2, { batch_input_shape: [null, 2] })], 'inner');
    const model = await read(sequential([inner, dense('d', 2)]), [
      ['sequential_1/inner/d/kernel', [2, 2]],
      ['sequential_1/inner/d/bias', [2]],
      ['sequential_1/d/kernel', [2, 2]],
      ['sequential_1/d/bias', [2]],
    ]);
    expect(firsts(model)).toEqual(['kernel=0 bias=1', 'kernel=2 bias=3']);
  });

  test('directions, sorted', async () => {
    const layer = { class_name: 'LSTM', config: { name: 'lstm', units: 1, return_sequences: true } };
    const both = {
      class_name: 'Bidirectional',
      config: { name: 'b', trainable: true, layer, merge_mode: 'sum', batch_input_shape: [null, 4, 2] },
    };
    const names = ['bias', 'kernel', 'recurrent_kernel'] as const;
    const shapes = { bias: [4], kernel: [2, 4], recurrent_kernel: [1, 4] };
    const model = await read(
      sequential([both]),
      ['backward_lstm', 'forward_lstm'].flatMap((side) =>
        names.map((name) => [`b/${side}/lstm_cell/${name}`, shapes[name]] as const),
      ),
    );
    const children = [...(model.calls[0]?.layer.children.values() ?? [])];
    expect(children.map(({ weights }) => weights.get('kernel')?.data[0])).toEqual([4, 1]);
  });
});
