import { describe, expect, test } from '@jest/globals';
import { ModeletError } from '../../../lib/core/errors.js';
import { makeTensor } from '../../../lib/core/tensor.js';
import { evaluateCall } from '../../../lib/importers/evaluate/evaluate.js';
import type { KerasLayer } from '../../../lib/importers/keras/keras-model.js';
import { type Entry, readEntries, toCall, toLayer } from './layer-entries.js';

const { keras, layers } = readEntries('keras-3');
const [denseEntry] = layers.filter((entry) => entry.class === 'Dense') as [Entry];
const junk = [null, 'text', -1, 0, 1.5, 1e12, Number.NaN, true, [], [0], [-1, 1e9], [['1']], {}, { class_name: 3 }];

/** The error of a call, which has to be the caller's; undefined where the layer takes what it is given. */
function refusal(entry: Entry, layer: KerasLayer): ModeletError | undefined {
  try {
    evaluateCall(toCall(entry, keras, layer));
    return undefined;
  } catch (error) {
    if (error instanceof ModeletError && error.code === 'INVALID_INPUT' && error.message.includes('; ')) return error;
    throw error;
  }
}

describe('what a layer refuses', () => {
  // Whatever stands in a file is refused with a reason, or has a meaning in Keras; it never breaks the evaluator.
  test.each([...new Map(layers.toReversed().map((entry) => [entry.class, entry]))])(
    '%s with junk for each setting',
    (_, entry) => {
      const layer = toLayer(entry, keras);
      for (const field of Object.keys(entry.config)) {
        for (const value of junk) refusal(entry, { ...layer, config: { ...entry.config, [field]: value } });
        const { [field]: _left, ...config } = entry.config;
        refusal(entry, { ...layer, config });
      }
      for (const [name, weight] of layer.weights) {
        const wrong = makeTensor('FP32', [2, ...weight.shape], Float32Array.of(...weight.data, ...weight.data));
        for (const weights of [new Map(), new Map([...layer.weights, [name, wrong]])]) {
          expect(refusal(entry, { ...layer, weights })?.message).toContain("layer 'layer'");
        }
      }
      for (const shape of [[], [2], [1, 1, 1, 1, 1, 1]]) {
        refusal({ ...entry, input: { shape, data: Array(shape[0] ?? 1).fill(0) } }, layer);
      }
    },
  );

  test.each([
    [{ units: '3' }, "layer 'layer': units is '3'; it must be a whole number from 1 up"],
    [{ use_bias: 1 }, "layer 'layer': use_bias is a number; it must be true or false"],
    [{ activation: 'glow' }, "layer 'layer': there is no evaluator for the activation glow; use one of Keras' own"],
    [{ units: 4 }, "layer 'layer': its kernel has shape [4, 3]; it must be [4, 4]"],
  ])('a Dense with %j names layer and field', (change, message) => {
    const layer = toLayer(denseEntry, keras);
    expect(refusal(denseEntry, { ...layer, config: { ...layer.config, ...change } })?.message).toBe(message);
  });

  test('a layer without input, and one that is not there', () => {
    const layer = toLayer(denseEntry, keras);
    const call = toCall(denseEntry, keras);
    expect(() => evaluateCall({ ...call, inputs: [] })).toThrow("layer 'layer' is given nothing; connect its input");
    expect(() => evaluateCall({ ...call, layer: { ...layer, className: 'toString' } })).toThrow(
      /no evaluator.*toString/,
    );
  });
});

test('a bias which backends of Keras 3 add along different axes is refused, in Keras 2 it is not', () => {
  const config = { filters: 2, kernel_size: [1, 1], data_format: 'channels_first' };
  const weights = {
    kernel: { shape: [1, 1, 1, 2], data: [1, 2] },
    bias: { shape: [2], data: [10, 20] },
  };
  const input = { shape: [1, 1, 1, 2], data: [1, 2] };
  const output = { shape: [1, 2, 1, 2], data: [11, 12, 22, 24] };
  const entry: Entry = { class: 'Conv2D', config, weights, input, output };
  expect(refusal(entry, toLayer(entry, keras))?.message).toMatch(/backends disagree/);
  const [old] = evaluateCall(toCall(entry, '2.15.0'));
  expect([...(old?.data ?? [])]).toEqual(output.data);
});
