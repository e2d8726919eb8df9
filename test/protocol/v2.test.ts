import { beforeAll, describe, expect, test } from '@jest/globals';
import { serveModel, tensor } from '../../lib/index.js';
import { publishEcho } from '../support/echo-model.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishTiny, tinyOutput } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const api = client(serveModel('tiny', { tasks: [tensor] }));
const echo = client(serveModel('echo', { tasks: [tensor] }));
const [[y0, y1]] = tinyOutput([[1, 2, 3]]) as [[number, number]];

beforeAll(async () => {
  await publishTiny(registry);
  await publishTiny(registry);
  await publishEcho(registry, 'echo', [
    { name: 'f', datatype: 'FP32', shape: [-1, -1] },
    { name: 'i', datatype: 'INT32', shape: [-1] },
    { name: 'b', datatype: 'BOOL', shape: [-1] },
  ]);
});

const input = { name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] };
const f = { name: 'f', datatype: 'FP32', shape: [1, 2], data: [0.5, -1] };
const i = { name: 'i', datatype: 'INT32', shape: [1], data: [7] };
const b = { name: 'b', datatype: 'BOOL', shape: [1], data: [true] };

test('infer, flat and nested, with id and a choice of outputs', async () => {
  for (const data of [[1, 2, 3], [[1, 2, 3]]]) {
    const { status, headers, json } = await api.post('/v2/models/tiny/infer', {
      id: 'abc',
      inputs: [{ ...input, data }],
      outputs: [{ name: 'y' }],
    });
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        model_name: 'tiny',
        model_version: '1',
        id: 'abc',
        outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [y0, y1] }],
      },
    });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-modelet-version': '1' });
  }
});

test('metadata, ready and infer, with the version in the path', async () => {
  for (const base of ['/v2/models/tiny', '/v2/models/tiny/versions/2', '/v2/models/tiny/']) {
    expect((await api.get(base)).json).toEqual({
      name: 'tiny',
      versions: ['1', '2'],
      platform: 'tensorflow_graphmodel_js',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    });
  }
  expect(await api.get('/v2/models/tiny/versions/2/ready')).toMatchObject({
    status: 200,
    json: { name: 'tiny', ready: true },
    headers: { 'x-modelet-version': '2' },
  });
  const { json } = await api.post('/v2/models/tiny/versions/2/infer', { inputs: [input] });
  expect(json.model_version).toBe('2');
  expect(Object.hasOwn(json, 'id')).toBe(false);
});

test('several inputs by name in any order; outputs in the order asked for, else in the signature’s', async () => {
  const named = (json: { outputs: { name: string; data: unknown[] }[] }) =>
    json.outputs.map(({ name, data }) => [name, ...data]);
  for (const outputs of [undefined, null, []]) {
    const { json } = await echo.post('/v2/models/echo/infer', { inputs: [b, f, i], outputs });
    expect(named(json)).toEqual([
      ['f-out', 0.5, -1],
      ['i-out', 7],
      ['b-out', true],
    ]);
  }
  const outputs = [{ name: 'b-out', parameters: { any: 1 } }, { name: 'f-out' }];
  const { json } = await echo.post('/v2/models/echo/infer', { inputs: [i, b, f], outputs });
  expect(named(json)).toEqual([
    ['b-out', true],
    ['f-out', 0.5, -1],
  ]);
});

test('parameters of the request, its inputs and its outputs are taken', async () => {
  const parameters = { sequence_id: 7, priority: 1, content_type: 'np', flag: false };
  const { status, json } = await api.post('/v2/models/tiny/infer', {
    id: null,
    parameters: { ...parameters, binary_data_output: false },
    inputs: [{ ...input, parameters }],
    outputs: [{ name: 'y', parameters: { binary_data: false } }],
    model_name: 'tiny',
  });
  expect({ status, y: json.outputs[0].data }).toEqual({ status: 200, y: [y0, y1] });
});

describe('other datatypes than the signature’s', () => {
  test.each(['INT8', 'INT16', 'INT32', 'INT64', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'FP16', 'BF16', 'FP32', 'FP64'])(
    '%s is taken where its elements are exactly the model’s',
    async (datatype) => {
      const inputs = [{ ...f, datatype, data: [1, 100] }, { ...i, datatype }, b];
      const { status, json } = await echo.post('/v2/models/echo/infer', { inputs });
      expect({ status, f: json.outputs[0].data, i: json.outputs[1].data }).toEqual({
        status: 200,
        f: [1, 100],
        i: [7],
      });
      // The answer has the model's datatypes.
      expect(json.outputs.map((output: { datatype: string }) => output.datatype)).toEqual(['FP32', 'INT32', 'BOOL']);
    },
  );

  /** JSON.stringify can't write these integers. */
  const body = (datatype: string, first: string, second: string) =>
    JSON.stringify({ inputs: [{ ...f, datatype, data: [] }, i, b] }).replace('[]', `[${first},${second}]`);

  test.each([
    ['INT64', '9007199254740992', 2 ** 53],
    ['INT64', '-9223372036854775808', -(2 ** 63)],
    ['UINT64', '9223372036854775808', 2 ** 63],
    ['UINT64', '18446742974197923840', 2 ** 64 - 2 ** 40],
  ])('%s %s comes through JSON with all its digits', async (datatype, digits, expected) => {
    const { status, json } = await echo.post('/v2/models/echo/infer', body(datatype, '1', digits));
    expect({ status, data: json.outputs[0].data }).toEqual({ status: 200, data: [1, expected] });
  });

  test.each([
    // As a double it would be 2^53, which FP32 has.
    ['INT64', '9007199254740993', /^inputs\[0\]\.data\[1\]: the INT64 that came is not exactly an FP32, which is exp/],
    ['UINT64', '18446744073709551615', /^inputs\[0\]\.data\[1\]: the UINT64 that came is not exactly an FP32/],
    [
      'UINT64',
      '18446744073709551616',
      /^inputs\[0\]\.data\[1\]: expected a whole number of UINT64's range, in digits$/,
    ],
    ['INT64', '9223372036854775808', /^inputs\[0\]\.data\[1\]: expected a whole number of INT64's range, in digits$/],
    ['INT64', `1${'0'.repeat(400)}`, /^inputs\[0\]\.data\[1\]: expected a number, got Infinity$/],
    ['INT64', '1e18', /^inputs\[0\]\.data\[1\]: expected a whole number of INT64's range, in digits$/],
    ['INT64', '"9007199254740993"', /^inputs\[0\]\.data\[1\]: expected a number, got text$/],
    ['INT32', '9007199254740993', /^inputs\[0\]\.data\[1\]: expected a whole number of INT32's range$/],
    ['UINT8', '256', /^inputs\[0\]\.data\[1\]: expected a whole number of UINT8's range$/],
    ['FP64', '0.1', /^inputs\[0\]\.data\[1\]: the FP64 that came is not exactly an FP32, which is expected$/],
    ['FP16', '65520', /^inputs\[0\]\.data\[1\]: expected a number within FP16's range$/],
    ['BOOL', 'true', /^inputs\[0\]\.datatype: BOOL came, FP32 is expected$/],
    ['BYTES', '"a"', /^inputs\[0\]\.datatype: BYTES came, FP32 is expected$/],
    ['FP128', '1', /^inputs\[0\]\.datatype: is none of BOOL, .*BF16; FP32 is expected$/],
  ])('%s %s: 400', async (datatype, digits, error) => {
    const { status, json } = await echo.post('/v2/models/echo/infer', body(datatype, '1', digits));
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_INPUT' });
    expect(json.error).toMatch(error);
  });

  test('exact integers leave everything else as JSON.parse reads it', async () => {
    const text = `{"__proto__": {"inputs": []}, "id": "first", "id": "1e9", "inputs": [
      {"name": "i", "shape": [1], "datatype": "INT32", "data": [7]},
      {"name": "b", "shape": [1], "datatype": "BOOL", "data": [true]},
      {"name": "f", "shape": [2, 1], "datatype": "INT64", "data": [[-9007199254740992], [3]]}]}`;
    const { status, json } = await echo.post('/v2/models/echo/infer', text);
    expect({ status, id: json.id, f: json.outputs[0].data }).toEqual({ status: 200, id: '1e9', f: [-(2 ** 53), 3] });
  });
});

describe('400 INVALID_INPUT names the field', () => {
  const { data: _data, ...without } = input;

  test.each([
    [{ inputs: [{ ...input, name: 'z' }] }, /^inputs\[0\]\.name: is none of this model's inputs: x$/],
    [{ inputs: [{ ...input, name: '__proto__' }] }, /^inputs\[0\]\.name: is none of this model's inputs: x$/],
    [{ inputs: [{ ...input, datatype: 'BYTES' }] }, /^inputs\[0\]\.datatype: BYTES came, FP32 is expected$/],
    [{ inputs: [{ ...input, datatype: 'fp32' }] }, /^inputs\[0\]\.datatype: is none of BOOL/],
    [{ inputs: [{ ...input, datatype: undefined }] }, /^inputs\[0\]\.datatype: is none of BOOL/],
    [{ inputs: [{ ...input, shape: [1, 4] }] }, /^inputs\[0\]\.shape: \[1, 4\] came, \[any, 3\] is expected$/],
    [{ inputs: [{ ...input, shape: [3] }] }, /^inputs\[0\]\.shape: \[3\] came, \[any, 3\] is expected$/],
    [{ inputs: [{ ...input, shape: [] }] }, /^inputs\[0\]\.shape: \[\] came, \[any, 3\] is expected$/],
    [{ inputs: [{ ...input, shape: [2, 3] }] }, /^inputs\[0\]\.data: 3 elements came, but shape \[2, 3\] holds 6$/],
    [{ inputs: [{ ...input, shape: [0, 3] }] }, /^inputs\[0\]\.data: 3 elements came, but shape \[0, 3\] holds 0$/],
    [{ inputs: [{ ...input, shape: [-1, 3] }] }, /^inputs\[0\]\.shape\[0\]: must be a whole number of 0 or more$/],
    [{ inputs: [{ ...input, shape: [1.5, 3] }] }, /^inputs\[0\]\.shape\[0\]: must be a whole number of 0 or more$/],
    [{ inputs: [{ ...input, shape: ['1', 3] }] }, /^inputs\[0\]\.shape\[0\]: must be a whole number of 0 or more$/],
    [{ inputs: [{ ...input, shape: [2 ** 53, 3] }] }, /^inputs\[0\]\.shape\[0\]: must be a whole number of 0 or more$/],
    [{ inputs: [{ ...input, shape: [2 ** 53 - 1, 3] }] }, /^inputs\[0\]\.shape: holds more elements than any tensor$/],
    [{ inputs: [{ ...input, shape: [2 ** 50, 3] }] }, /^inputs\[0\]\.data: 3 elements came, but shape \[/],
    [
      { inputs: [{ ...input, shape: Array(5000).fill(1) }] },
      /^inputs\[0\]\.shape: 5000 dimensions came, \[any, 3\] is/,
    ],
    [{ inputs: [{ ...input, shape: '1,3' }] }, /^inputs\[0\]\.shape: expected an array of sizes, got text$/],
    [{ inputs: [{ ...input, data: [1, 'two', 3] }] }, /^inputs\[0\]\.data\[1\]: expected a number, got text$/],
    [{ inputs: [{ ...input, data: [1, null, 3] }] }, /^inputs\[0\]\.data\[1\]: expected a number, got null$/],
    [{ inputs: [{ ...input, data: [1, 1e39, 3] }] }, /^inputs\[0\]\.data\[1\]: expected a number within FP32's range$/],
    [{ inputs: [{ ...input, data: [[1, 2], [3]] }] }, /^inputs\[0\]\.data: expected an array of 1, got an array of 2$/],
    [{ inputs: [{ ...input, data: [[1, 2]] }] }, /^inputs\[0\]\.data\[0\]: expected an array of 3, got an array of 2$/],
    [
      { inputs: [{ ...input, data: [[1, 2, [3]]] }] },
      /^inputs\[0\]\.data\[0\]\[2\]: expected a number, got an array of 1$/,
    ],
    [{ inputs: [{ ...input, data: 'AAAA' }] }, /^inputs\[0\]\.data: expected an array, got text$/],
    [{ inputs: [without] }, /^inputs\[0\]: expected either data or parameters\.binary_data_size, got neither$/],
    [{ inputs: [input, input] }, /^inputs\[1\]\.name: 'x' is given twice$/],
    [{ inputs: [] }, /^inputs: input 'x' is missing$/],
    [{ inputs: {} }, /^inputs: expected an array of tensors, got an object$/],
    [{}, /^inputs: expected an array of tensors, got nothing$/],
    [{ inputs: [null] }, /^inputs\[0\]: expected a tensor, got null$/],
    [{ inputs: [[]] }, /^inputs\[0\]: expected a tensor, got an array of 0$/],
    [{ inputs: [{ ...input, parameters: [] }] }, /^inputs\[0\]\.parameters: expected an object, got an array of 0$/],
    [
      { inputs: [{ ...input, parameters: { a: {} } }] },
      /^inputs\[0\]\.parameters: expected text, numbers and booleans/,
    ],
    [
      { inputs: [{ ...without, parameters: { shared_memory_region: 'r' } }] },
      /^inputs\[0\]\.parameters\.shared_memory_/,
    ],
    [{ inputs: [input], parameters: 'x' }, /^parameters: expected an object, got text$/],
    [
      { inputs: [input], parameters: { binary_data_output: 'yes' } },
      /^parameters\.binary_data_output: expected true or/,
    ],
    [{ inputs: [input], outputs: [{ name: 'q' }] }, /^outputs\[0\]\.name: is none of this model's outputs: y$/],
    [{ inputs: [input], outputs: [{ name: 'y' }, { name: 'y' }] }, /^outputs\[1\]\.name: 'y' is asked for twice$/],
    [{ inputs: [input], outputs: ['y'] }, /^outputs\[0\]: expected an output, got text$/],
    [{ inputs: [input], outputs: 'y' }, /^outputs: expected an array, got text$/],
    [
      { inputs: [input], outputs: [{ name: 'y', parameters: { binary_data: 1 } }] },
      /^outputs\[0\]\.parameters\.binary_data: expected true or false, got a number$/,
    ],
    [
      { inputs: [input], outputs: [{ name: 'y', parameters: { classification: 3 } }] },
      /^outputs\[0\]\.parameters\.classification: V2 gives the raw scores/,
    ],
    [{ inputs: [input], id: 7 }, /^id: expected text, got a number$/],
  ])('%j', async (body, error) => {
    const { status, json } = await api.post('/v2/models/tiny/infer', body);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_INPUT' });
    expect(json.error).toMatch(error);
    expect(json.error.length).toBeLessThan(250);
  });
});

test('JSON is taken to a depth; a compressed body is refused as such', async () => {
  const nested = (levels: number) =>
    `{"inputs": [${JSON.stringify(input)}], "rest": ${'['.repeat(levels)}${']'.repeat(levels)}}`;
  expect((await api.post('/v2/models/tiny/infer', nested(62))).status).toBe(200);
  expect(await api.post('/v2/models/tiny/infer', nested(100_000))).toMatchObject({
    status: 400,
    json: { code: 'INVALID_REQUEST', error: 'the body is nested deeper than 64 levels' },
  });
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  expect(await api.send({ method: 'POST', target: '/v2/models/tiny/infer', headers, body: 'x' })).toMatchObject({
    status: 415,
    json: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    headers: { 'accept-encoding': 'identity' },
  });
});
