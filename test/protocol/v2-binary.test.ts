import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalServer } from '../../lib/dev/local-server.js';
import { serveModel, tensor } from '../../lib/index.js';
import { binaryBody, binaryClient, readBinaryAnswer } from '../support/binary-request.js';
import { publishEcho } from '../support/echo-model.js';
import { temporaryRegistry } from '../support/serve.js';
import { publishTiny, tinyOutput } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const handlers = {
  tiny: serveModel('tiny', { tasks: [tensor] }),
  echo: serveModel('echo', { tasks: [tensor] }),
  pairs: serveModel('pairs', { tasks: [tensor] }),
  free: serveModel('free', { tasks: [tensor] }),
  fixed: serveModel('fixed', { tasks: [tensor] }),
};
const send = (model: keyof typeof handlers, ...request: [Uint8Array, number | string | undefined, string?]) =>
  binaryClient(handlers[model])(`/v2/models/${model}/infer`, ...request);
const server = createLocalServer({
  handlerFor: async (path) => handlers[path.split('/')[3] as keyof typeof handlers],
});

const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const fp32 = (...values: number[]) => bytes(Float32Array.from(values));
const [[y0, y1]] = tinyOutput([[1, 2, 3]]) as [[number, number]];
const x = (size: number) => ({
  name: 'x',
  datatype: 'FP32',
  shape: [1, 3],
  parameters: { binary_data_size: size },
});

beforeAll(async () => {
  await publishTiny(registry);
  await publishEcho(registry, 'echo', [
    { name: 'f', datatype: 'FP32', shape: [-1, -1] },
    { name: 'i', datatype: 'INT32', shape: [-1] },
    { name: 'b', datatype: 'BOOL', shape: [-1] },
  ]);
  await publishEcho(registry, 'pairs', [{ name: 'x', datatype: 'FP32', shape: [-1, -1, 2] }]);
  await publishEcho(registry, 'free', [{ name: 'x', datatype: 'FP32', shape: [-1, -1, -1] }]);
  await publishEcho(registry, 'fixed', [{ name: 'x', datatype: 'BOOL', shape: [2, 2] }]);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

describe('binary in, JSON out', () => {
  test('the header decides, whatever the content type', async () => {
    const { body, length } = binaryBody({ id: '7', inputs: [x(12)] }, fp32(1, 2, 3));
    for (const type of ['application/octet-stream', 'application/json', 'image/png']) {
      const { status, headers, json, binary } = await send('tiny', body, length, type);
      expect({ status, json, rest: binary.length }).toEqual({
        status: 200,
        json: {
          model_name: 'tiny',
          model_version: '1',
          id: '7',
          outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [y0, y1] }],
        },
        rest: 0,
      });
      expect(headers).toMatchObject({ 'content-type': 'application/json' });
      expect(headers['inference-header-content-length']).toBeUndefined();
    }
  });

  test('JSON only, with a header that says so', async () => {
    const object = { inputs: [{ ...x(0), parameters: {}, data: [1, 2, 3] }] };
    const { body, length } = binaryBody(object);
    expect((await send('tiny', body, length)).status).toBe(200);
    expect((await send('tiny', body, undefined, 'application/octet-stream')).status).toBe(200);
  });

  test('aligned or not, the elements are the same', async () => {
    const starts = new Set<number>();
    for (const id of ['', 'a', 'ab', 'abc']) {
      const { body, length } = binaryBody({ id, inputs: [x(12)] }, fp32(1, 2, 3));
      starts.add(length % 4);
      expect((await send('tiny', body, length)).json.outputs[0].data).toEqual([y0, y1]);
    }
    expect(starts.size).toBe(4);
  });

  test('pieces follow in the order of the inputs, JSON inputs between them', async () => {
    const inputs = [
      { name: 'b', datatype: 'BOOL', shape: [3], parameters: { binary_data_size: 3 } },
      { name: 'i', datatype: 'INT32', shape: [2], data: [5, 6] },
      { name: 'f', datatype: 'FP64', shape: [2, 1], parameters: { binary_data_size: 16 } },
    ];
    const { body, length } = binaryBody({ inputs }, Uint8Array.of(1, 0, 1), bytes(Float64Array.of(0.5, -2)));
    const { json } = await send('echo', body, length);
    expect(json.outputs.map(({ data }: { data: unknown[] }) => data)).toEqual([
      [0.5, -2],
      [5, 6],
      [true, false, true],
    ]);
  });

  test.each([
    ['INT64', BigInt64Array.of(-3n, 4n)],
    ['UINT8', Uint8Array.of(3, 4)],
    ['FP16', Uint16Array.of(0x4200, 0x4400)],
    ['BF16', Uint16Array.of(0x4040, 0x4080)],
  ])('%s narrows to the model’s FP32', async (datatype, data) => {
    const inputs = [
      { name: 'f', datatype, shape: [1, 2], parameters: { binary_data_size: data.byteLength } },
      { name: 'i', datatype: 'INT32', shape: [1], data: [1] },
      { name: 'b', datatype: 'BOOL', shape: [1], data: [true] },
    ];
    const { body, length } = binaryBody({ inputs }, bytes(data));
    expect((await send('echo', body, length)).json.outputs[0]).toEqual({
      name: 'f-out',
      datatype: 'FP32',
      shape: [1, 2],
      data: [datatype === 'INT64' ? -3 : 3, 4],
    });
  });
});

describe('binary out', () => {
  const inputs = [
    { name: 'f', datatype: 'FP32', shape: [1, 2], data: [0.5, -2] },
    { name: 'i', datatype: 'INT32', shape: [1], data: [-1] },
    { name: 'b', datatype: 'BOOL', shape: [3], data: [true, false, true] },
  ];
  const sent = (fields: object) => Buffer.from(JSON.stringify({ inputs, ...fields }));

  test('binary_data_output asks for all of them', async () => {
    const { headers, json, binary } = await send('echo', sent({ parameters: { binary_data_output: true } }), undefined);
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'inference-header-content-length': expect.stringMatching(/^\d+$/),
      'x-modelet-model': 'echo',
      'x-modelet-version': '1',
    });
    expect(json).toEqual({
      model_name: 'echo',
      model_version: '1',
      outputs: [
        { name: 'f-out', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } },
        { name: 'i-out', datatype: 'INT32', shape: [1], parameters: { binary_data_size: 4 } },
        { name: 'b-out', datatype: 'BOOL', shape: [3], parameters: { binary_data_size: 3 } },
      ],
    });
    expect(binary.toString('hex')).toBe('0000003f000000c0ffffffff010001');
  });

  test('an output’s own binary_data goes before it; both kinds in one answer, in the order asked for', async () => {
    for (const all of [true, false]) {
      const outputs = [
        { name: 'b-out', parameters: { binary_data: true } },
        { name: 'f-out', parameters: { binary_data: false } },
        { name: 'i-out', parameters: { binary_data: true } },
      ];
      const fields = { outputs, parameters: { binary_data_output: all }, id: 'é' };
      const { json, binary } = await send('echo', sent(fields), undefined);
      expect(json.id).toBe('é');
      expect(json.outputs.map(({ data }: { data?: unknown[] }) => data)).toEqual([undefined, [0.5, -2], undefined]);
      expect(binary.toString('hex')).toBe('010001ffffffff');
    }
  });

  test('an empty tensor is an empty piece', async () => {
    const none = { name: 'f', datatype: 'FP32', shape: [0, 2], parameters: { binary_data_size: 0 } };
    const { body, length } = binaryBody({ inputs: [none, inputs[1], inputs[2]] });
    const { status, json } = await send('echo', body, length);
    expect({ status, output: json.outputs?.[0] }).toMatchObject({ status: 200, output: { shape: [0, 2], data: [] } });
  });
});

describe('raw request: header length 0', () => {
  test('nothing but the data of the only input, as a batch of one; all outputs in binary', async () => {
    const { status, json, binary } = await send('tiny', fp32(1, 2, 3), 0);
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        model_name: 'tiny',
        model_version: '1',
        outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } }],
      },
    });
    expect(binary).toEqual(Buffer.from(fp32(y0, y1)));
  });

  test('one dimension beside the batch may vary; a fixed shape is taken as it is', async () => {
    expect((await send('pairs', fp32(1, 2, 3, 4, 5, 6), 0)).json.outputs[0].shape).toEqual([1, 3, 2]);
    expect((await send('fixed', Uint8Array.of(1, 0, 0, 1), 0)).binary).toEqual(Buffer.from([1, 0, 0, 1]));
  });

  test.each([
    ['tiny', fp32(1, 2), /^body: 8 bytes came, FP32 \[1, 3\] takes 12$/],
    ['tiny', fp32(1, 2, 3, 4, 5, 6), /^body: 24 bytes came, FP32 \[1, 3\] takes 12$/],
    ['tiny', new Uint8Array(), /^body: 0 bytes came, FP32 \[1, 3\] takes 12$/],
    ['tiny', fp32(1, Number.NaN, 3), /^body\[1\]: expected a number, got NaN$/],
    ['pairs', fp32(1, 2, 3), /^body: 12 bytes came, FP32 \[1, any, 2\] takes a multiple of 8$/],
    ['fixed', Uint8Array.of(1, 2, 0, 1), /^body\[1\]: expected a byte of 0 or 1$/],
    ['free', fp32(1), /^body: raw data can't tell the shape \[any, any, any\]/],
    ['echo', fp32(1), /^body: raw data is for models with one input, this one has f, i, b/],
  ] as const)('%s: 400', async (model, body, error) => {
    const { status, json } = await send(model, body, 0);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_INPUT' });
    expect(json.error).toMatch(error);
  });
});

describe('400 names what is wrong', () => {
  const good = binaryBody({ inputs: [x(12)] }, fp32(1, 2, 3));

  test.each(['-1', '+5', '1e2', '0x10', '1.5', 'twelve', '5, 5', '', String(good.body.length + 1), '9'.repeat(40)])(
    'header %j',
    async (header) => {
      const { status, json } = await send('tiny', good.body, header);
      expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_REQUEST' });
      expect(json.error).toMatch(/^inference-header-content-length: expected the JSON object's length/);
    },
  );

  test('a header that cuts the JSON object, or takes binary data into it', async () => {
    for (const length of [good.length - 1, good.length + 1, 1, good.body.length]) {
      expect(await send('tiny', good.body, length)).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
    }
  });

  const size = 'inputs[0].parameters.binary_data_size';
  const { parameters: _parameters, ...plain } = x(12);
  test.each([
    ['truncated', { inputs: [x(12)] }, fp32(1, 2), `${size}: says 12 bytes, but only 8 follow the JSON object, whose`],
    ['no data', { inputs: [x(12)] }, fp32(), `${size}: says 12 bytes, but only 0 follow`],
    ['too much', { inputs: [x(12)] }, fp32(1, 2, 3, 4), 'body: 4 bytes follow the binary data of the last input'],
    ['not the shape', { inputs: [x(8)] }, fp32(1, 2), `${size}: says 8 bytes, but FP32 [1, 3] takes 12`],
    ['enormous', { inputs: [x(2 ** 52)] }, fp32(1), `${size}: says ${2 ** 52} bytes, but FP32 [1, 3] takes 12`],
    ['shape and size', { inputs: [{ ...x(12 * 2 ** 30), shape: [2 ** 30, 3] }] }, fp32(1), `${size}: says 12884901888`],
    ['negative', { inputs: [x(-1)] }, fp32(1), `${size}: expected a whole number of 0 or more`],
    ['half', { inputs: [x(0.5)] }, fp32(1), `${size}: expected a whole number of 0 or more`],
    ['2^53', { inputs: [x(2 ** 53)] }, fp32(1), `${size}: expected a whole number of 0 or more`],
    ['text', { inputs: [{ ...plain, parameters: { binary_data_size: '12' } }] }, fp32(1, 2, 3), `${size}: expected a`],
    ['both', { inputs: [{ ...x(12), data: [1, 2, 3] }] }, fp32(1, 2, 3), 'inputs[0]: expected either data or'],
    ['neither', { inputs: [plain] }, fp32(1, 2, 3), 'inputs[0]: expected either data or'],
    ['twice', { inputs: [x(12), x(12)] }, fp32(1, 2, 3, 1, 2, 3), "inputs[1].name: 'x' is given twice"],
    [
      'Infinity',
      { inputs: [x(12)] },
      fp32(1, 2, Number.POSITIVE_INFINITY),
      'inputs[0].binary_data[2]: expected a number',
    ],
    [
      'BYTES',
      { inputs: [{ ...x(5), datatype: 'BYTES' }] },
      fp32(1),
      'inputs[0].datatype: BYTES came, FP32 is expected',
    ],
  ])('%s', async (_what, object, data, error) => {
    const { body, length } = binaryBody(object, data);
    const { status, json } = await send('tiny', body, length);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_INPUT' });
    expect(json.error.slice(0, error.length)).toBe(error);
  });

  test('without the header there is no binary data', async () => {
    const { status, json } = await send('tiny', Buffer.from(JSON.stringify({ inputs: [x(12)] })), undefined);
    expect({ status, error: json.error }).toEqual({
      status: 400,
      error: `${size}: says 12 bytes, but only 0 follow the JSON object, whose length inference-header-content-length gives`,
    });
  });
});

describe('through the local server', () => {
  const post = async (model: string, body: Uint8Array, length?: number) => {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/v2/models/${model}/infer`, {
      method: 'POST',
      headers: length === undefined ? {} : { 'Inference-Header-Content-Length': String(length) },
      body: body as Uint8Array<ArrayBuffer>,
    });
    const headers = Object.fromEntries(response.headers);
    const answer = readBinaryAnswer(headers, Buffer.from(await response.arrayBuffer()));
    return { status: response.status, headers, ...answer };
  };

  test('binary both ways, every byte as it was', async () => {
    const values = new Float32Array(
      new Uint8Array(4 * 1024).map((_, index) => (index % 4 === 3 ? 0x40 : index)).buffer,
    );
    const piece = { name: 'x', datatype: 'FP32', shape: [1, 512, 2], parameters: { binary_data_size: 4096 } };
    const { body, length } = binaryBody({ inputs: [piece], parameters: { binary_data_output: true } }, bytes(values));
    const { status, headers, binary } = await post('pairs', body, length);
    expect({ status, length: headers['content-length'] }).toEqual({
      status: 200,
      length: String(Number(headers['inference-header-content-length']) + 4096),
    });
    expect(binary).toEqual(Buffer.from(bytes(values)));
  });

  test('up to the limit of 4.5 MB, and 413 beyond', async () => {
    const whole = (size: number) => bytes(new Float32Array(size / 4).fill(1.5));
    const { status, binary } = await post('pairs', whole(4_499_200), 0);
    expect({ status, bytes: binary.length }).toEqual({ status: 200, bytes: 4_499_200 });
    expect(await post('pairs', whole(4_500_008), 0)).toMatchObject({
      status: 413,
      json: { code: 'PAYLOAD_TOO_LARGE' },
    });
  });
});
