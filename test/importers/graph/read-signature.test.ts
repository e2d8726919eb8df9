import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { graphSignature, type NodeDef, statedByRuns } from '../../../lib/importers/graph/read-signature.js';
import { requirePart } from '../../support/requires.js';

const shape = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size: String(size) })) });
const placeholder = (name: string, dtype = 'DT_FLOAT', sizes: object = shape(-1, 3)): NodeDef => ({
  name,
  op: 'Placeholder',
  attr: { dtype: { type: dtype }, shape: { shape: sizes } },
});
const node = (name: string, ...input: string[]): NodeDef => ({ name, op: 'Relu', input });
const info = (name: string, dtype = 'DT_FLOAT', sizes: object = shape(-1, 3)) => ({ name, dtype, tensorShape: sizes });

describe('graphSignature', () => {
  test("keeps the source's order and names, and drops `:0` from them", () => {
    const nodes = [placeholder('a'), placeholder('b', 'DT_UINT8'), node('y', 'a'), node('z', 'b')];
    const source = {
      inputs: { 'b:0': info('b:0', 'DT_UINT8'), first: info('a:0') },
      outputs: { 'z:0': info('z:0'), last: info('y:1', 'DT_BOOL', shape()) },
    };
    const { signature, inputTensors, outputTensors, unstated } = graphSignature(nodes, source);
    expect(signature).toEqual({
      inputs: [
        { name: 'b', datatype: 'INT32', shape: [-1, 3] },
        { name: 'first', datatype: 'FP32', shape: [-1, 3] },
      ],
      outputs: [
        { name: 'z', datatype: 'FP32', shape: [-1, 3] },
        { name: 'last', datatype: 'BOOL', shape: [] },
      ],
    });
    expect([...inputTensors, ...outputTensors]).toEqual([
      ['b', 'b:0'],
      ['first', 'a:0'],
      ['z', 'z:0'],
      ['last', 'y:1'],
    ]);
    expect(unstated.size).toBe(0);
  });

  test('without a signature: placeholders, and what nothing consumes', () => {
    const nodes = [
      placeholder('x', 'DT_INT64', shape(-1)),
      node('y', 'x'),
      node('z', 'y:0'),
      { name: 'n', op: 'NoOp' },
    ];
    const { signature, unstated } = graphSignature(nodes, undefined);
    expect(signature.inputs).toEqual([{ name: 'x', datatype: 'INT32', shape: [-1] }]);
    expect(signature.outputs.map(({ name }) => name)).toEqual(['z']);
    expect([...unstated]).toEqual(['z']);
    const run = (rows: number) => ({ datatype: 'INT32' as const, shape: [rows, 4] });
    expect(statedByRuns('z', run(1), run(3))).toEqual({ name: 'z', datatype: 'INT32', shape: [-1, 4] });
  });

  test("takes a shape from the placeholder or TensorFlow's inference where the signature has none", () => {
    const unknown = { unknownRank: true };
    const inferred = {
      name: 'y',
      op: 'Relu',
      input: ['x'],
      attr: { _output_shapes: { list: { shape: [shape(-1, 5)] } } },
    };
    const { signature } = graphSignature([placeholder('x'), inferred], {
      inputs: { x: info('x:0', 'DT_FLOAT', unknown) },
      outputs: { y: info('y:0', 'DT_FLOAT', unknown) },
    });
    expect([...signature.inputs, ...signature.outputs].map((spec) => spec.shape)).toEqual([
      [-1, 3],
      [-1, 5],
    ]);
  });

  test('names the outputs by structuredOutputKeys', () => {
    const outputs = { 'z:0': info('z:0'), 'y:0': info('y:0') };
    const nodes = [placeholder('x'), node('y', 'x'), node('z', 'x')];
    const { signature } = graphSignature(nodes, { outputs }, ['mask', 'score']);
    expect(signature.outputs.map(({ name }) => name)).toEqual(['mask', 'score']);
  });

  test.each([
    ['text', [placeholder('x', 'DT_STRING'), node('y', 'x')], /input 'x' is of type DT_STRING/],
    ['a table', [placeholder('x', 'DT_RESOURCE'), node('y', 'x')], /input 'x' is of type DT_RESOURCE/],
    ['unknown rank', [placeholder('x', 'DT_FLOAT', { unknownRank: true }), node('y', 'x')], /'x' is of unknown rank/],
    ['no output', [placeholder('x')], /has no output/],
  ])('refuses %s by name', (_, nodes, message) => {
    expect(() => graphSignature(nodes, null)).toThrow(message);
  });

  test('refuses a placeholder that could never be fed, and a name that the graph lacks', () => {
    const nodes = [placeholder('x'), placeholder('keep'), node('y', 'x', 'keep')];
    const outputs = { y: info('y:0') };
    expect(() => graphSignature(nodes, { inputs: { x: info('x:0') }, outputs })).toThrow(/needs 'keep'/);
    expect(() => graphSignature(nodes, { inputs: { w: info('w:0') }, outputs })).toThrow(/names 'w:0'/);
  });
});

const models = '../shared/models';
requirePart(
  '../shared/models',
  existsSync(models),
  'a checkout with ../shared beside it',
)('real graph models', () => {
  const read = (name: string) => {
    const model = JSON.parse(readFileSync(`${models}/${name}/model.json`, 'utf8'));
    const metadata = model.userDefinedMetadata;
    const source = metadata?.signature ?? model.signature;
    return graphSignature(model.modelTopology.node, source, metadata?.structuredOutputKeys);
  };

  test.each([
    ['graph-handtrack-ssd320-int8', 'INT32 [1,-1,-1,3]', 8, 'Identity_6'],
    ['graph-human-emotion', 'FP32 [-1,64,64,1]', 1, 'Identity'],
    ['graph-predictive-prefetching', 'INT32 [-1]', 1, 'Identity'],
    ['graph-tfjs-inference-structured', 'FP32 [2,2]', 1, 'testName'],
    ['keras-golden/text-lstm/tfjs_graph', 'INT32 [-1,20]', 1, 'output_0'],
  ])('%s', (name, input, count, firstOutput) => {
    const { inputs, outputs } = read(name).signature;
    expect(`${inputs[0]?.datatype} ${JSON.stringify(inputs[0]?.shape)}`).toBe(input);
    expect([outputs.length, outputs[0]?.name]).toEqual([count, firstOutput]);
  });

  test('graph-human-rvm is refused: the rank of its recurrent inputs is unknown', () => {
    expect(() => read('graph-human-rvm')).toThrow(/^input 'r2i' is of unknown rank.*; export the model with a shape/);
  });
});
