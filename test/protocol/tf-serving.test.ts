import { beforeAll, describe, expect, test } from '@jest/globals';
import { imageClassification, serveModel, tensor } from '../../lib/index.js';
import { setAlias } from '../../lib/registry/move-alias.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishSmall } from '../support/small-models.js';
import { pngFile } from '../tasks/image/png-file.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const tasks = [tensor, imageClassification];
const half = client(serveModel('half-plus-three', { tasks }));
const pair = client(serveModel('pair', { tasks }));
const shades = client(serveModel('shades', { tasks }));

/** 2 × 2 pixels of one grey; a filter byte starts each line. */
const picture = (grey: number) => ({
  b64: pngFile({ width: 2, height: 2 }, Uint8Array.of(0, grey, grey, 0, grey, grey)).toString('base64'),
});
const [white, black] = [picture(255), picture(0)];

beforeAll(async () => {
  await publishSmall(registry, 'half-plus-three');
  await publishSmall(registry, 'pair');
  await publishSmall(registry, 'shades');
});

describe(':predict', () => {
  const predict = '/v1/models/pair:predict';

  test("TensorFlow Serving's own example: scalar rows; a vector in a column", async () => {
    const path = '/v1/models/half-plus-three:predict';
    // As curl -d sends it.
    const form = 'application/x-www-form-urlencoded';
    expect((await half.post(path, '{"instances": [1.0,2.0,5.0]}', form)).json).toEqual({ predictions: [3.5, 4, 5.5] });
    expect((await half.post(path, { inputs: [1, 2, 5] })).json).toEqual({ outputs: [3.5, 4, 5.5] });
    expect((await half.post(path, { instances: [{ x: 1 }, { x: 2 }] })).json).toEqual({ predictions: [3.5, 4] });
  });
  test('several named inputs and outputs, as rows and as columns', async () => {
    const row = await pair.post(predict, {
      signature_name: 'serving_default',
      instances: [
        { a: [1, 2], n: [3] },
        { n: [400], a: [-1, 0.5] },
      ],
    });
    expect(row.json).toEqual({
      predictions: [
        { sum: [4, 5], capped: [3] },
        { sum: [399, 400.5], capped: [100] },
      ],
    });
    const column = await pair.post(predict, {
      inputs: {
        n: [[3], [400]],
        a: [
          [1, 2],
          [-1, 0.5],
        ],
      },
    });
    expect(column.json).toEqual({
      outputs: {
        sum: [
          [4, 5],
          [399, 400.5],
        ],
        capped: [[3], [100]],
      },
    });
  });
  test('a file is preprocessed by the task, bare or as the value of the input; predictions stay raw', async () => {
    const path = '/v1/models/shades:predict';
    for (const instances of [
      [white, black],
      [{ image: white }, { image: black }],
    ]) {
      expect((await shades.post(path, { instances })).json).toEqual({
        predictions: [
          [1, 0],
          [0, 1],
        ],
      });
    }
    for (const inputs of [[white, black], { image: [white, black] }]) {
      expect((await shades.post(path, { inputs })).json).toEqual({
        outputs: [
          [1, 0],
          [0, 1],
        ],
      });
    }
    const raw = [
      [[1], [1]],
      [[1], [0]],
    ];
    for (const instances of [[raw], [{ image: raw }]]) {
      expect((await shades.post(path, { instances })).json).toEqual({ predictions: [[0.75, 0.25]] });
    }
  });
  test.each([
    [{ instances: [[1, 2]] }, /^instances\[0\]: expected an object with each of a, n, got an array of 2$/],
    [{ instances: [{ a: [1, 2], n: [3] }, { a: [1, 2] }] }, /^instances\[1\]: input 'n' is missing$/],
    [
      {
        instances: [
          { a: [1, 2], n: [3] },
          { a: [1, 2], m: [3] },
        ],
      },
      /^instances\[1\]\.m: no such input; there are a, n$/,
    ],
    [{ instances: [{ a: [1, 2], n: [3], z: 1 }] }, /^instances\[0\]\.z: no such input; there are a, n$/],
    [{ instances: [{ a: [1, 2, 3], n: [3] }] }, /^instances\[0\]: input 'a' has shape \[3\], expected \[2\]$/],
    [{ instances: [{ a: [1, 2], n: 3 }] }, /^instances\[0\]: input 'n' has shape \[\], expected \[1\]$/],
    [{ instances: [{ a: [1, 'x'], n: [3] }] }, /^instances\[0\]\.a\[1\]: expected a number, got text$/],
    [{ instances: [{ a: [1, 2], n: [0.5] }] }, /^instances\[0\]\.n\[0\]: expected a whole number/],
    [{ instances: [{ a: [1, 2], n: [3] }, white] }, /^instances: some are files/],
    [{ instances: [white] }, /^instances\[0\]: this model takes numbers/],
    [{ instances: [{ a: white, n: [3] }] }, /^instances\[0\]\.a: expected a number, got an object$/],
    [{ instances: { a: [1, 2], n: [3] } }, /^instances: expected an array of at least one instance, got an object$/],
    [{ inputs: { a: [[1, 2]] } }, /^inputs: input 'n' is missing$/],
    [
      {
        inputs: {
          a: [
            [1, 2],
            [1, 2],
            [1, 2],
          ],
          n: [[3], [3]],
        },
      },
      /^inputs: the model can't take 3 of 'a', 2 of 'n' together; send as many of each$/,
    ],
    [{ inputs: [[1, 2]] }, /^inputs: expected an object with each of a, n, got an array of 1$/],
    [
      { signature_name: 'predict_images', instances: [] },
      /^signature_name: this model has one signature, "serving_default"$/,
    ],
    [{ signature_name: 7, instances: [] }, /^signature_name: this model has one signature/],
  ])('400 INVALID_INPUT for %j', async (body, error) => {
    const { status, json } = await pair.post(predict, body);
    expect({ status, json }).toEqual({
      status: 400,
      json: { error: expect.stringMatching(error), code: 'INVALID_INPUT', requestId: expect.any(String) },
    });
  });
  test.each([
    [{ instances: [{ b64: 'aGk=' }] }, /^instances\[0\]: is neither a PNG nor a JPEG/],
    [{ instances: [{ b64: '?' }] }, /^instances\[0\]\.b64: is not base64$/],
    [{ instances: [{ image: { b64: 7 } }] }, /^instances\[0\]\.image\.b64: expected base64 text, got a number$/],
    [{ inputs: white }, /^inputs: expected a list, \[\{"b64": …\}, …\], got one file$/],
    [{ inputs: { image: [white, 1] } }, /^inputs\.image/],
    [{ inputs: [{ b64: 'aGk=' }] }, /^inputs\[0\]: is neither a PNG nor a JPEG/],
  ])('400 INVALID_INPUT for the file in %j', async (body, error) => {
    const { status, json } = await shades.post('/v1/models/shades:predict', body);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_INPUT' });
    expect(json.error).toMatch(error);
  });
  test("NaN and Infinity are no JSON: refused, where TensorFlow Serving's parser takes them", async () => {
    for (const value of ['NaN', 'Infinity', '-Infinity']) {
      const answer = await half.post('/v1/models/half-plus-three:predict', `{"instances": [1.0, ${value}]}`);
      expect(answer).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
    }
  });
});

describe(':classify and :regress', () => {
  const path = '/v1/models/shades:classify';

  test('labels and scores of each example, best first', async () => {
    const raw = [
      [[1], [1]],
      [[1], [0]],
    ];
    const { status, json } = await shades.post(path, {
      signature_name: 'serving_default',
      examples: [white, { image: black }],
    });
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        results: [
          [
            ['light', 1],
            ['dark', 0],
          ],
          [
            ['dark', 1],
            ['light', 0],
          ],
        ],
      },
    });
    for (const body of [{ examples: [{ image: raw }] }, { context: { image: [1, 1, 1, 0] }, examples: [{}] }]) {
      expect((await shades.post(path, body)).json).toEqual({
        results: [
          [
            ['light', 0.75],
            ['dark', 0.25],
          ],
        ],
      });
    }
  });
  test.each([
    [{}, /^examples: expected an array of at least one example, got nothing$/],
    [{ examples: [] }, /^examples: expected an array of at least one example, got an array of 0$/],
    [{ examples: [[1, 1, 1, 0]] }, /^examples\[0\]: expected an object of features, got an array of 4$/],
    [{ examples: [{}] }, /^examples\[0\]: input 'image' is missing$/],
    [{ examples: [{ picture: 1 }] }, /^examples\[0\]\.picture: no such input; there are image$/],
    [{ examples: [{ image: [1, 1, 1] }] }, /^examples\[0\]: input 'image' has shape \[3\], expected \[2, 2, 1\]$/],
    [{ context: { image: [1, 1, 1, 0] }, examples: [{ image: 1 }] }, /^examples\[0\]\.image: is in "context" too/],
    [{ context: 1, examples: [white] }, /^context: expected an object of features, got a number$/],
    [{ examples: [white], signature_name: 'x' }, /^signature_name: /],
  ])('400 INVALID_INPUT for %j', async (body, error) => {
    const { status, json } = await shades.post(path, body);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_INPUT' });
    expect(json.error).toMatch(error);
  });
  test('a model without labels is no classification; nothing regresses', async () => {
    expect(await pair.post('/v1/models/pair:classify', { examples: [{ a: [1, 2] }] })).toMatchObject({
      status: 400,
      json: { code: 'INVALID_REQUEST', error: "'pair' is no classification but tensor@1; :predict serves it" },
    });
    for (const version of ['', '/versions/1', '/labels/production']) {
      expect(await half.post(`/v1/models/half-plus-three${version}:regress`, { examples: [{ x: 1 }] })).toMatchObject({
        status: 404,
        json: { code: 'NOT_FOUND', error: ':regress is not served; :predict answers with the same numbers' },
      });
    }
  });
});

describe('status and metadata', () => {
  const info = (name: string, dtype: string, ...sizes: string[]) => ({
    dtype,
    tensor_shape: { dim: sizes.map((size) => ({ size, name: '' })), unknown_rank: false },
    name: `${name}:0`,
  });

  test("metadata is the signature in TensorFlow Serving's JSON, by version and label too", async () => {
    for (const base of ['', '/versions/1', '/labels/production']) {
      expect((await pair.get(`/v1/models/pair${base}/metadata`)).json).toEqual({
        model_spec: { name: 'pair', signature_name: '', version: '1' },
        metadata: {
          signature_def: {
            signature_def: {
              serving_default: {
                inputs: { a: info('a', 'DT_FLOAT', '-1', '2'), n: info('n', 'DT_INT32', '-1', '1') },
                outputs: { sum: info('sum', 'DT_FLOAT', '-1', '2'), capped: info('capped', 'DT_INT32', '-1', '1') },
                method_name: 'tensorflow/serving/predict',
              },
            },
          },
        },
      });
    }
  });
  test('status lists what aliases name, newest first; a version that is broken has ended', async () => {
    await publishSmall(registry, 'pair');
    await publishSmall(registry, 'pair');
    await publishSmall(registry, 'pair');
    await setAlias(registry, 'pair', 'staging', '3');
    await setAlias(registry, 'pair', 'broken', '2');
    await registry.store.put('pair/versions/2/manifest.json', Buffer.from('{}'));
    const ok = { error_code: 'OK', error_message: '' };
    const ended = { error_code: 'INTERNAL', error_message: expect.stringContaining('manifest.json') };
    expect((await pair.get('/v1/models/pair')).json).toEqual({
      model_version_status: [
        { version: '3', state: 'AVAILABLE', status: ok },
        { version: '2', state: 'END', status: ended },
        { version: '1', state: 'AVAILABLE', status: ok },
      ],
    });
    for (const path of ['/versions/4', '?version=4']) {
      expect((await pair.get(`/v1/models/pair${path}`)).json.model_version_status).toMatchObject([{ version: '4' }]);
    }
    expect((await pair.get('/v1/models/pair/labels/staging')).json.model_version_status).toMatchObject([
      { version: '3' },
    ]);
    expect(await pair.get('/v1/models/pair/versions/5')).toMatchObject({ status: 404 });
  });
});
