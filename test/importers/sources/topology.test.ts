import { describe, expect, test } from '@jest/globals';
import type { Argument, KerasModel } from '../../../lib/importers/keras/keras-model.js';
import { flatten } from '../../../lib/importers/sources/flatten.js';
import { readTopology } from '../../../lib/importers/sources/read-topology.js';

/** The model without weights. */
function read(described: unknown, major = 3): KerasModel {
  return flatten(readTopology(described, { major }), String(major), (layer, name) => ({
    name,
    className: layer.className,
    config: layer.config,
    weights: new Map(),
    children: new Map(),
  }));
}

type Layer = { class_name: string; name: string; config: object; inbound_nodes: unknown };

const tensor = (layer: string, call = 0, output = 0) => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 3], dtype: 'float32', keras_history: [layer, call, output] },
});
const input = (name: string, dtype = 'float32'): Layer => ({
  class_name: 'InputLayer',
  name,
  config: { name, batch_shape: [8, 3], dtype },
  inbound_nodes: [],
});
const layer = (class_name: string, name: string, calls: unknown[][], config: object = {}, more: object = {}) => ({
  class_name,
  name,
  config: { name, trainable: true, dtype: 'float32', ...config },
  inbound_nodes: calls.map((args) => ({ args, kwargs: {} })),
  ...more,
});
const functional = (layers: unknown[], outputs: unknown, inputs: unknown = [['x', 0, 0]], name = 'm') => ({
  class_name: 'Functional',
  config: { name, layers, input_layers: inputs, output_layers: outputs },
});

const value = (ref: object): Argument => ({ kind: 'value', ref }) as Argument;
const classes = (model: KerasModel) => model.calls.map(({ layer: { className } }) => className);
const names = (model: KerasModel) => model.calls.map(({ layer: { name } }) => name);

describe('topologies', () => {
  test('calls come after what they need, and only those that an output needs', () => {
    const layers = [
      input('x'),
      layer('Dense', 'late', [[tensor('early')]]),
      layer('Dense', 'early', [[tensor('x')]]),
      layer('Dense', 'unused', [[tensor('x')]]),
    ];
    const model = read(functional(layers, ['late', 0, 0]));
    expect(names(model)).toEqual(['early', 'late']);
    expect(model.inputs).toEqual([{ name: 'x', datatype: 'FP32', shape: [-1, 3] }]);
    expect(model.outputs).toEqual([{ name: 'late', value: { call: 1, output: 0 } }]);
  });

  test('a model inside is replaced by its calls, once for each use, with layers shared', () => {
    const inner = functional([input('i'), layer('Dense', 'd', [[tensor('i')]])], [['d', 0, 0]], [['i', 0, 0]], 'inner');
    const nested = {
      ...inner,
      name: 'inner',
      inbound_nodes: [
        { args: [tensor('x')], kwargs: { mask: null } },
        { args: [tensor('inner', 0)], kwargs: {} },
      ],
    };
    // Keras 3 counts from 0 inside, and from 1 in output_layers.
    const model = read(
      functional(
        [input('x'), nested],
        [
          ['inner', 2, 0],
          ['inner', 1, 0],
        ],
      ),
    );
    expect(names(model)).toEqual(['inner/d', 'inner/d']);
    expect(model.calls[0]?.layer).toBe(model.calls[1]?.layer);
    expect(model.calls[1]?.args).toEqual([value({ call: 0, output: 0 })]);
    expect(model.outputs).toEqual([
      { name: 'inner', value: { call: 1, output: 0 } },
      { name: 'inner_1', value: { call: 0, output: 0 } },
    ]);
  });

  test('Keras 2 counts a nested model from 1 everywhere', () => {
    const inner = functional(
      [input('i'), { ...layer('Dense', 'd', []), inbound_nodes: [[['i', 0, 0, {}]]] }],
      [['d', 0, 0]],
      [['i', 0, 0]],
      'inner',
    );
    const nested = { ...inner, name: 'inner', inbound_nodes: [[['x', 0, 0, {}]], [['inner', 1, 0, {}]]] };
    const model = read(functional([input('x'), nested], [['inner', 2, 0]]), 2);
    expect(model.calls.map(({ args }) => args)).toEqual([[value({ input: 0 })], [value({ call: 0, output: 0 })]]);
  });

  test('operations are layers of the class op:…, with their constants', () => {
    const op = (module: string, name: string, args: unknown[], config = {}) => ({
      module,
      class_name: name,
      name: name.toLowerCase(),
      registered_name: name,
      config: { name: name.toLowerCase(), ...config },
      inbound_nodes: [{ args, kwargs: {} }],
    });
    const slice = { class_name: '__slice__', config: { start: null, stop: 2, step: null } };
    const model = read(
      functional(
        [
          input('x'),
          op('keras.src.ops.numpy', 'Multiply', [tensor('x'), 2]),
          op('keras.src.ops.numpy', 'GetItem', [
            tensor('multiply'),
            [{ class_name: '__ellipsis__', config: {} }, slice],
          ]),
          op('keras.src.ops.numpy', 'Add', [tensor('getitem'), tensor('multiply')]),
          op('keras.src.ops.nn', 'LogSoftmax', [tensor('add')], { axis: -1 }),
        ],
        ['logsoftmax', 0, 0],
      ),
    );
    expect(classes(model)).toEqual(['op:multiply', 'op:getitem', 'op:add', 'op:log_softmax']);
    expect(model.calls[0]?.args).toEqual([value({ input: 0 }), { kind: 'constant', value: 2 }]);
    expect(model.calls[1]?.args[1]).toEqual({ kind: 'constant', value: ['...', { start: null, stop: 2, step: null }] });
    expect(model.calls[3]?.layer.config).toMatchObject({ axis: -1 });
  });

  test("TensorFlow's functions in Keras 2 are the same", () => {
    const lambda = {
      class_name: 'TFOpLambda',
      name: 't',
      config: { name: 't', function: 'math.multiply' },
      inbound_nodes: [['x', 0, 0, { y: 2, name: null }]],
    };
    const slicing = {
      class_name: 'SlicingOpLambda',
      name: 's',
      config: { name: 's', function: '__operators__.getitem' },
      inbound_nodes: [['t', 0, 0, { slice_spec: [{ start: 0, stop: 2, step: null }] }]],
    };
    const model = read(functional([input('x'), lambda, slicing], [['s', 0, 0]]), 2);
    expect(classes(model)).toEqual(['op:multiply', 'op:getitem']);
    expect(model.calls[0]).toMatchObject({
      args: [value({ input: 0 })],
      kwargs: { y: { kind: 'constant', value: 2 } },
    });
  });

  test('states of a recurrent layer get their name, from whichever place', () => {
    const listed = {
      ...layer('LSTM', 'l', []),
      inbound_nodes: [
        [
          ['x', 0, 0, {}],
          ['h', 0, 0, {}],
          ['c', 0, 0, {}],
        ],
      ],
    };
    const inputs = [
      ['x', 0, 0],
      ['h', 0, 0],
      ['c', 0, 0],
    ];
    const old = read(functional([input('x'), input('h'), input('c'), listed], [['l', 0, 0]], inputs), 2);
    const state = { kind: 'list', items: [value({ input: 1 }), value({ input: 2 })] };
    expect(old.calls[0]).toMatchObject({ args: [value({ input: 0 })], kwargs: { initial_state: state } });
    const positional = layer('LSTM', 'l', [[tensor('x'), [tensor('h'), tensor('c')]]]);
    const now = read(functional([input('x'), input('h'), input('c'), positional], [['l', 0, 0]], inputs));
    expect(now.calls[0]).toMatchObject({ args: [value({ input: 0 })], kwargs: { initial_state: state } });
  });

  test('an RNN is the layer of its cell, or one layer for each', () => {
    const cell = (class_name: string, units: number) => ({
      class_name,
      config: { name: 'cell', units, use_bias: true },
    });
    const one = layer('RNN', 'r', [[tensor('x')]], { cell: cell('GRUCell', 4), return_sequences: true });
    const stacked = {
      class_name: 'StackedRNNCells',
      config: { cells: [cell('LSTMCell', 3), cell('SimpleRNNCell', 2)] },
    };
    const model = read(
      functional([input('x'), one, layer('RNN', 's', [[tensor('r')]], { cell: stacked })], ['s', 0, 0]),
    );
    expect(classes(model)).toEqual(['GRU', 'LSTM', 'SimpleRNN']);
    expect(model.calls.map(({ layer: { config } }) => [config.units, config.return_sequences])).toEqual([
      [4, true],
      [3, true],
      [2, false],
    ]);
  });

  test('a model thousands of layers deep is no problem', () => {
    const chain = Array.from({ length: 5000 }, (_, i) =>
      layer('ReLU', `r${i}`, [[tensor(i === 0 ? 'x' : `r${i - 1}`)]]),
    );
    expect(read(functional([input('x'), ...chain], ['r4999', 0, 0])).calls).toHaveLength(5000);
  });

  test('a class of its own is never taken for the one of Keras with its name', () => {
    const own = layer('Dense', 'd', [[tensor('x')]], {}, { module: 'mine.layers', registered_name: 'mine>Dense' });
    expect(classes(read(functional([input('x'), own], ['d', 0, 0])))).toEqual(['mine>Dense']);
  });

  const doubling = (depth: number): Layer & object => {
    const inner = depth === 0 ? layer('ReLU', 'r', [[tensor('x')], [tensor('r')]]) : doubling(depth - 1);
    const name = depth === 0 ? 'r' : `m${depth - 1}`;
    return {
      ...functional([input('x'), inner], [[name, depth === 0 ? 1 : 2, 0]], [['x', 0, 0]], `m${depth}`),
      name: `m${depth}`,
      inbound_nodes: [
        { args: [tensor('x')], kwargs: {} },
        { args: [tensor(`m${depth}`)], kwargs: {} },
      ],
    } as unknown as Layer;
  };

  test.each<[string, unknown, RegExp, number?]>([
    [
      'a circle',
      functional([input('x'), layer('Dense', 'a', [[tensor('b')]]), layer('Dense', 'b', [[tensor('a')]])], ['b', 0, 0]),
      /go in a circle/,
    ],
    ['a layer that is not there', functional([input('x')], ['y', 0, 0]), /call 0 of the layer 'y', which is not there/],
    [
      'an output that a layer has not',
      functional([input('x'), layer('Dense', 'd', [[tensor('x')]])], ['d', 0, 7]),
      /'d' has no output 7/,
    ],
    ['millions of calls', doubling(20), /more than 100000 calls/],
    ['text as input', functional([input('x', 'string')], ['x', 0, 0]), /the input 'x' takes string/],
    [
      'a quantized layer',
      functional(
        [
          input('x'),
          layer('Dense', 'd', [[tensor('x')]], {
            dtype: { class_name: 'QuantizedDTypePolicy', config: { mode: 'int8' } },
          }),
        ],
        ['d', 0, 0],
      ),
      /'d' is quantized/,
    ],
    [
      'a call for training',
      functional(
        [input('x'), { ...layer('Dropout', 'd', []), inbound_nodes: [[['x', 0, 0, { training: true }]]] }],
        [['d', 0, 0]],
      ),
      /'d' is called with training=True/,
      2,
    ],
    [
      'two layers of one name',
      functional([input('x'), layer('Dense', 'd', [[tensor('x')]]), layer('Dense', 'd', [[tensor('x')]])], ['d', 0, 0]),
      /two layers are called 'd'/,
    ],
  ])('%s: refused', (_what, described, message, major = 3) => {
    expect(() => read(described, major)).toThrow(message);
  });
});
