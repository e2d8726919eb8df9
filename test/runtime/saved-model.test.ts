import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Datatype, makeTensor, type Tensor } from '../../lib/core/tensor.js';
import { nativeBackendInstalled } from '../../lib/runtime/native-backend.js';
import { convertCommand, inspectSavedModel, savedModelSignature } from '../../lib/runtime/saved-model.js';
import { requirePart } from '../support/requires.js';
import { loadSavedModelFolder } from './load-folder.js';

const models = '../shared/models';
const fixtures = `${models}/savedmodel-tfjs-node-fixtures`;
const describeModels = requirePart('../shared/models', existsSync(models), 'a checkout with ../shared beside it');
const describeNative = requirePart('the tensorflow backend', nativeBackendInstalled(), 'npm run native');

const tensor = (datatype: Datatype, shape: number[], values: number[]): Tensor =>
  makeTensor(datatype, shape, datatype === 'FP32' ? Float32Array.from(values) : Int32Array.from(values));
const unpacked = () => readdirSync(tmpdir()).filter((name) => name.startsWith('modelet-saved-model-')).length;

describe('inspectSavedModel', () => {
  test('a folder without saved_model.pb, and a damaged one, are refused with what to do', async () => {
    await expect(inspectSavedModel('no/such/folder')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/no readable saved_model\.pb; give the folder/),
    });
    const folder = mkdtempSync(join(tmpdir(), 'modelet-test-'));
    for (const bytes of [Buffer.alloc(0), Buffer.from('not a protobuf'), Buffer.alloc(64, 0xff)]) {
      writeFileSync(join(folder, 'saved_model.pb'), bytes);
      await expect(inspectSavedModel(folder)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
  });
});

describeModels('SavedModels of other people', () => {
  test.each([
    ['savedmodel-half-plus-two-2-versions/00000123', 'x FP32 [-1,1] → y FP32 [-1,1]'],
    ['savedmodel-lstm-from-sequential', 'input_1 FP32 [-1,5,3] → dense FP32 [-1,1]'],
    ['savedmodel-tfjs-node-fixtures/uint8_multiply', 'x INT32 [1] → output_0 INT32 [1]'],
    ['savedmodel-tfjs-node-fixtures/model_multi_output', 'x INT32 [] y INT32 [] → output_0 INT32 [] output_1 INT32 []'],
    ['keras-golden/text-lstm/saved_model', 'tokens INT32 [-1,20] → output_0 FP32 [-1,2]'],
  ])('%s: %s', async (name, expected) => {
    const { tags, signatureName, signature } = await inspectSavedModel(`${models}/${name}`);
    const text = (specs: typeof signature.inputs) =>
      specs.map((spec) => `${spec.name} ${spec.datatype} ${JSON.stringify(spec.shape)}`).join(' ');
    expect([tags, signatureName]).toEqual([['serve'], 'serving_default']);
    expect(`${text(signature.inputs)} → ${text(signature.outputs)}`).toBe(expected);
  });

  test('another graph or signature is found by its name, and refused with a list of those there are', () => {
    const bytes = readFileSync(`${fixtures}/module_with_multiple_signatures/saved_model.pb`);
    const choose = (tags: string[], signature: string) => () => savedModelSignature(bytes, { tags, signature });
    expect(choose(['serve'], 'timestwo')().signatureName).toBe('timestwo');
    expect(choose(['serve'], 'nope')).toThrow(/no signature 'nope', but .*timestwo/);
    expect(choose(['gpu'], 'timestwo')).toThrow(/no graph tagged \[gpu\] \(\[serve\]\)/);
  });

  test('a file cut short is refused', () => {
    const bytes = readFileSync(`${fixtures}/times_three_float/saved_model.pb`);
    expect(() => savedModelSignature(bytes.subarray(0, bytes.length - 9))).toThrow(
      /is damaged; export the model again/,
    );
  });

  test('wasm and cpu refuse it with the command that converts it', async () => {
    const command = convertCommand({ tags: ['serve'], signature: 'serving_default' }, '<its folder>', '<out>');
    for (const backend of ['wasm', 'cpu']) {
      await expect(loadSavedModelFolder(backend, `${fixtures}/times_three_float`)).rejects.toMatchObject({
        code: 'MODEL_UNAVAILABLE',
        message: expect.stringContaining(command),
      });
    }
    expect(command).toBe(
      'tensorflowjs_converter --input_format=tf_saved_model --output_format=tfjs_graph_model ' +
        '--signature_name=serving_default --saved_model_tags=serve <its folder> <out>',
    );
  });
});

(existsSync(models) ? describeNative : describe.skip)('SavedModels on tensorflow', () => {
  const predict = async (name: string, inputs: Record<string, Tensor>) => {
    const model = await loadSavedModelFolder('tensorflow', `${models}/${name}`);
    try {
      const outputs = await model.predict(new Map(Object.entries(inputs)));
      return Object.fromEntries([...outputs].map(([key, { data }]) => [key, [...data]]));
    } finally {
      model.dispose();
    }
  };

  test('take and give int64 with its sign, uint8, int32, scalars and several tensors', async () => {
    const dir = 'savedmodel-tfjs-node-fixtures';
    const half = 'savedmodel-half-plus-two-2-versions/00000123';
    expect(await predict(half, { x: tensor('FP32', [2, 1], [2, -3]) })).toEqual({ y: [3, 0.5] });
    expect(await predict(`${dir}/times_three_float`, { x: tensor('FP32', [], [2.5]) })).toEqual({ output_0: [7.5] });
    expect(await predict(`${dir}/times_two_int`, { x: tensor('INT32', [], [-4]) })).toEqual({ output_0: [-8] });
    const { output_0: product } = await predict(`${dir}/int64_multiply`, { x: tensor('INT32', [2], [-3, 2 ** 20]) });
    const { output_0: positive } = await predict(`${dir}/int64_multiply`, { x: tensor('INT32', [2], [3, 1]) });
    expect(product?.[0]).toBe(-(positive?.[0] as number));
    expect(await predict(`${dir}/uint8_multiply`, { x: tensor('INT32', [1], [7]) })).toMatchObject({ output_0: [42] });
    const scalars = { x: tensor('INT32', [], [5]), y: tensor('INT32', [], [6]) };
    expect(Object.keys(await predict(`${dir}/model_multi_output`, scalars))).toEqual(['output_0', 'output_1']);
  });

  test('what the type has no room for is refused, going in and coming out', async () => {
    const dir = 'savedmodel-tfjs-node-fixtures';
    await expect(predict(`${dir}/uint8_multiply`, { x: tensor('INT32', [1], [256]) })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'x: holds 256; the model takes 0 to 255',
    });
    const most = 2 ** 31 - 1;
    await expect(predict(`${dir}/int64_multiply`, { x: tensor('INT32', [2], [most, 1]) })).rejects.toMatchObject({
      code: 'INFERENCE_FAILED',
      message: "output 'output_0' holds a whole number that INT32 has no room for",
    });
  });

  test.each(['text-lstm', 'bn-residual-cnn', 'functional-two-inputs', 'normalization'])(
    "keras-golden's %s gives Keras' values, and leaves nothing behind",
    async (name) => {
      const folders = unpacked();
      const golden = JSON.parse(readFileSync(`${models}/keras-golden/${name}/golden.json`, 'utf8'));
      const inputs = golden.inputs.map(
        ({ name, shape, dtype, data }: { name: string; shape: number[]; dtype: string; data: number[] }) => [
          name,
          tensor(dtype === 'float32' ? 'FP32' : 'INT32', shape, data),
        ],
      );
      const outputs = Object.values(await predict(`keras-golden/${name}/saved_model`, Object.fromEntries(inputs)));
      golden.outputs.forEach(({ data }: { data: number[] }, index: number) => {
        const worst = Math.max(...data.map((value, at) => Math.abs(value - (outputs[index]?.[at] ?? Number.NaN))));
        expect(worst).toBeLessThan(1e-6);
      });
      expect(unpacked()).toBe(folders);
    },
  );

  test('files that are no SavedModel are MODEL_CORRUPT, and their folder goes', async () => {
    const folders = unpacked();
    const folder = mkdtempSync(join(tmpdir(), 'modelet-test-'));
    cpSync(`${fixtures}/times_three_float`, folder, { recursive: true });
    writeFileSync(join(folder, 'variables/variables.index'), 'damaged');
    await expect(loadSavedModelFolder('tensorflow', folder)).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
    expect(unpacked()).toBe(folders);
  });
});
