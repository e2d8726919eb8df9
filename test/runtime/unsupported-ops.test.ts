import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { makeTensor } from '../../lib/core/tensor.js';
import { loadTfjsNode, nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { openEngine } from '../../lib/runtime/open-engine.js';
import { missingOps, unsupportedOps } from '../../lib/runtime/unsupported-ops.js';
import { requirePart } from '../support/requires.js';
import { tinyDraft, tinyModelJson } from '../support/tiny-model.js';
import { batch, load } from './engine.contract.js';
import { loadFiles } from './load-folder.js';

const node = (op: string, attr: object = { T: { type: 'DT_FLOAT' } }, input = ['x']) => ({
  name: `the${op}`,
  op,
  attr,
  input,
});
const placeholder = { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' } } };
const graph = (...nodes: object[]) => ({ node: [placeholder, ...nodes], versions: {} });
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('unsupportedOps', () => {
  test('names what the converter does not know, once, in order', () => {
    const found = unsupportedOps(graph(node('Betainc'), node('Relu'), node('SpaceToDepth'), node('Betainc')), 'cpu');
    expect(found.map(({ op, node }) => [op, node])).toEqual([
      ['Betainc', 'theBetainc'],
      ['SpaceToDepth', 'theSpaceToDepth'],
    ]);
    expect(found[0]?.problem).toMatch(/^is not known to TensorFlow\.js' converter; export the model without it/);
  });

  test('names what a backend has no kernel for, and that another has', () => {
    const [found] = unsupportedOps(graph(node('Einsum')), 'wasm');
    expect(found).toEqual({
      op: 'Einsum',
      node: 'theEinsum',
      problem: 'has no kernel on the backend wasm',
      elsewhere: true,
    });
    expect(unsupportedOps(graph(node('Einsum')), 'tensorflow')).toEqual([]);
  });

  test.each([
    ['Cast', { DstT: { type: 'DT_UINT8' } }, /casts to DT_UINT8, where TensorFlow wraps/],
    ['Cast', { DstT: { type: 6 } }, /casts to DT_INT8/],
    ['AddV2', { T: { type: 'DT_UINT8' } }, /computes in a narrow integer type/],
    ['Div', { T: { type: 'DT_INT32' } }, /divides whole numbers towards zero/],
    ['HashTableV2', {}, /keeps a table beside the weights/],
    ['RandomUniform', {}, /answers at random/],
    ['StringSplit', {}, /works on text/],
    ['FakeQuantWithMinMaxVars', {}, /is skipped by TensorFlow\.js/],
    ['MaxPool', { data_format: { s: base64('NCHW') } }, /layout channels first/],
    ['FusedBatchNormV3', { is_training: { b: true } }, /training mode/],
    ['OneHot', { axis: { i: '0' } }, /sets its axis/],
    ['Conv2DBackpropInput', { dilations: { list: { i: ['1', '2', '2', '1'] } } }, /is dilated/],
  ])('refuses %s %j, which TensorFlow.js takes for something else', (op, attr, problem) => {
    for (const backend of ['wasm', 'tensorflow', 'cpu']) {
      const [found] = unsupportedOps(graph(node(op, attr)), backend);
      expect([found?.op, found?.elsewhere]).toEqual([op, false]);
      expect(found?.problem).toMatch(problem);
    }
  });

  test('looks into the functions of control flow', () => {
    const body = {
      signature: { name: 'body', inputArg: [{ name: 'v', type: 'DT_FLOAT' }], outputArg: [] },
      nodeDef: [node('Betainc', {}, ['v'])],
      ret: {},
    };
    expect(unsupportedOps({ ...graph(node('Relu')), library: { function: [body] } }, 'wasm')[0]?.op).toBe('Betainc');
  });

  test('knows our own op, and takes what the others may use', () => {
    const fine = [
      node('ModeletRecurrent', {}),
      node('Cast', { DstT: { type: 'DT_BOOL' } }),
      node('OneHot', { axis: { i: '-1' } }),
      node('FusedBatchNormV3', { is_training: { b: false }, data_format: { s: base64('NHWC') } }),
      node('Transpose', { T: { type: 'DT_UINT8' } }),
    ];
    expect(unsupportedOps(graph(...fine), 'wasm')).toEqual([]);
  });

  test.each(['wasm', 'cpu', ...(nativeBackendInstalled() ? ['tensorflow'] : [])])(
    'the table for %s is complete',
    async (backend) => {
      await openEngine('wasm', { plans: false }).then(() => import('@tensorflow/tfjs-backend-cpu'));
      if (backend === 'tensorflow') await loadTfjsNode();
      if (backend === 'wasm') await load('wasm');
      const kernels = (name: string) => new Set(tf.getKernelsForBackend(name).map(({ kernelName }) => kernelName));
      const here = kernels(backend);
      // Kernels that no op of the converter reaches: gradients, and what only tf.* functions call.
      const unreached = /Backprop(Filter|Input)$|^(Draw|UnsortedSegmentSum|RotateWithOffset)$/;
      const lacking = [...kernels('cpu')].filter((kernel) => !here.has(kernel) && !unreached.test(kernel));
      const kernelOf: Record<string, string> = {
        RFFT: 'FFT',
        IRFFT: 'IFFT',
        LowerBound: 'SearchSorted',
        UpperBound: 'SearchSorted',
        ImageProjectiveTransformV3: 'Transform',
      };
      expect(new Set([...(missingOps[backend] ?? [])].map((op) => kernelOf[op] ?? op))).toEqual(new Set(lacking));
    },
  );
});

describe('at load', () => {
  const withOp = (op: object, output: string) => ({
    files: new Map(tinyDraft('tiny').files).set('model.json', Buffer.from(JSON.stringify(tinyModelJson([op], output)))),
  });

  test('an op without a kernel is MODEL_UNAVAILABLE, naming it and the backend that has it', async () => {
    const einsum = {
      name: 'e',
      op: 'Einsum',
      input: ['y'],
      attr: { equation: { s: base64('ij->ji') }, N: { i: '1' } },
    };
    await expect(load('wasm', withOp(einsum, 'e'))).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message:
        "tiny@1 can't be served: Einsum (node 'e') has no kernel on the backend wasm; " +
        'use MODELET_BACKEND=tensorflow (container image), or export the model without it',
    });
  });

  test('an op that nothing serves rightly is MODEL_CORRUPT; one that no output needs is let be', async () => {
    const random = { name: 'r', op: 'RandomUniform', input: ['y'], attr: {} };
    const before = tf.memory().numTensors;
    await expect(load('wasm', withOp(random, 'r'))).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
    expect(tf.memory().numTensors).toBe(before);
    const { model } = await load('wasm', withOp(random, 'y'));
    expect((await model.predict(batch([1, 2, 3]))).get('y')?.shape).toEqual([1, 2]);
    model.dispose();
  });

  test.each(['wasm', 'cpu'])('Select on %s chooses whole rows by a condition of one dimension', async (backend) => {
    const file = {
      modelTopology: graph(
        { name: 'c', op: 'Placeholder', attr: { dtype: { type: 'DT_BOOL' } } },
        node('Neg'),
        node('Select', { T: { type: 'DT_FLOAT' } }, ['c', 'x', 'theNeg']),
      ),
      signature: { inputs: { x: { name: 'x:0' }, c: { name: 'c:0' } }, outputs: { y: { name: 'theSelect:0' } } },
      weightsManifest: [{ paths: [], weights: [] }],
    };
    const square = { datatype: 'FP32' as const, shape: [-1, 2] };
    const signature = {
      inputs: [
        { name: 'x', ...square },
        { name: 'c', datatype: 'BOOL' as const, shape: [-1] },
      ],
      outputs: [{ name: 'y', ...square }],
    };
    const model = await loadFiles(backend, new Map([['model.json', Buffer.from(JSON.stringify(file))]]), { signature });
    const inputs = new Map([
      ['x', makeTensor('FP32', [2, 2], Float32Array.of(1, 2, 3, 4))],
      ['c', makeTensor('BOOL', [2], Uint8Array.of(1, 0))],
    ]);
    expect([...((await model.predict(inputs)).get('y')?.data ?? [])]).toEqual([1, 2, -3, -4]);
    model.dispose();
  });
});

const models = '../shared/models';
requirePart(
  '../shared/models',
  existsSync(models),
  'a checkout with ../shared beside it',
)('real graph models', () => {
  test.each(['graph-handtrack-ssd320-int8', 'graph-human-emotion', 'graph-human-rvm', 'graph-predictive-prefetching'])(
    '%s holds nothing that is refused',
    (name) => {
      const { modelTopology } = JSON.parse(readFileSync(`${models}/${name}/model.json`, 'utf8'));
      for (const backend of ['wasm', 'tensorflow', 'cpu']) expect(unsupportedOps(modelTopology, backend)).toEqual([]);
    },
  );
});
