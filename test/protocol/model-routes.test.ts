import { beforeAll, describe, expect, test } from '@jest/globals';
import { serveModel, tensor } from '../../lib/index.js';
import { client, temporaryRegistry } from '../support/serve.js';
import { publishTiny, tinyOutput } from '../support/tiny-model.js';

const registry = temporaryRegistry();
process.env.MODELET_REGISTRY = registry.store.location;
const api = client(serveModel('tiny', { tasks: [tensor] }));
const [[y0, y1]] = tinyOutput([[1, 2, 3]]) as [[number, number]];

beforeAll(async () => {
  await publishTiny(registry);
  await publishTiny(registry);
});

describe('task route', () => {
  test('one instance, by number or by name', async () => {
    for (const body of [[1, 2, 3], { x: [1, 2, 3] }]) {
      const { status, headers, json } = await api.post('/models/tiny', body);
      expect({ status, json }).toEqual({
        status: 200,
        json: { model: 'tiny', version: '1', outputs: { y: [y0, y1] } },
      });
      expect(headers).toMatchObject({
        'x-modelet-model': 'tiny',
        'x-modelet-version': '1',
        'content-type': 'application/json',
      });
      expect(headers['server-timing']).toMatch(
        /^(cold, (?:(?:boot|code|runtime|manifest|weights|model|predict);dur=[\d.]+, )+)?pre;dur=[\d.]+, (load;dur=[\d.]+, )?infer;dur=[\d.]+, post;dur=[\d.]+$/,
      );
    }
  });
  test('many instances, more than fit in one forward pass, in their order', async () => {
    const rows = Array.from({ length: 70 }, (_, index) => [index, -index, 0.5]);
    const { json } = await api.post('/models/tiny', { instances: rows });
    expect(json.predictions.map((prediction: { outputs: { y: number[] } }) => prediction.outputs.y)).toEqual(
      tinyOutput(rows),
    );
  });
  test('the card says what the version takes', async () => {
    const { status, json } = await api.get('/models/tiny');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      model: 'tiny',
      version: '1',
      task: 'tensor@1',
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }] },
      accepts: ['application/json'],
    });
  });
  test.each([
    ['', 'no content-type'],
    ['image/png', 'content-type image/png'],
    ['application/x-www-form-urlencoded', 'content-type application/x-www-form-urlencoded'],
  ])('415 for %p says what is taken', async (type, came) => {
    const { status, json } = await api.post('/models/tiny', [1, 2, 3], type);
    expect(status).toBe(415);
    expect(json).toMatchObject({
      code: 'UNSUPPORTED_MEDIA_TYPE',
      error: `${came} came, this model takes application/json`,
    });
  });
});

describe('TensorFlow Serving', () => {
  test('row and column form', async () => {
    const row = await api.post('/v1/models/tiny:predict', { instances: [[1, 2, 3], { x: [1, 2, 3] }] });
    expect({ status: row.status, json: row.json }).toEqual({
      status: 200,
      json: {
        predictions: [
          [y0, y1],
          [y0, y1],
        ],
      },
    });
    for (const inputs of [[[1, 2, 3]], { x: [[1, 2, 3]] }]) {
      const { json } = await api.post('/v1/models/tiny:predict', { inputs });
      expect(json).toEqual({ outputs: [[y0, y1]] });
    }
  });
  test('version and label in the path; model status', async () => {
    const body = { instances: [[1, 2, 3]] };
    for (const [path, version] of [
      ['versions/2', '2'],
      ['labels/production', '1'],
    ]) {
      const { status, headers } = await api.post(`/v1/models/tiny/${path}:predict`, body);
      expect({ status, version: headers['x-modelet-version'] }).toEqual({ status: 200, version });
    }
    expect((await api.get('/v1/models/tiny')).json.model_version_status).toMatchObject([
      { version: '1', state: 'AVAILABLE' },
    ]);
  });
  test.each([
    [{}, 'INVALID_REQUEST', /either "instances"/],
    [{ instances: [[1, 2, 3]], inputs: [[1, 2, 3]] }, 'INVALID_REQUEST', /either "instances"/],
    [{ instances: [] }, 'INVALID_INPUT', /^instances: expected an array of at least one instance, got an array of 0$/],
    [{ instances: [[1, 2]] }, 'INVALID_INPUT', /^instances\[0\]: input 'x' has shape \[2\], expected \[3\]$/],
    [{ instances: [[1, 2, 3], 'x'] }, 'INVALID_INPUT', /^instances\[1\]: expected nested numbers.*got text$/],
    [{ instances: [{ b64: '?' }] }, 'INVALID_INPUT', /^instances\[0\]\.b64: is not base64$/],
    [{ instances: [{ b64: 'aGk=' }] }, 'INVALID_INPUT', /^instances\[0\]: this model takes numbers/],
    [
      { instances: [{ b64: 'aGk=', id: 1 }] },
      'INVALID_INPUT',
      /^instances\[0\]: has a field beside b64; leave it out$/,
    ],
    [{ instances: [{ z: 1 }] }, 'INVALID_INPUT', /^instances\[0\]\.z: no such input; there are x$/],
    [{ instances: [{}] }, 'INVALID_INPUT', /^instances\[0\]: input 'x' is missing$/],
    [{ inputs: { z: [[1, 2, 3]] } }, 'INVALID_INPUT', /^inputs: one name is none of this model's inputs: x$/],
    [{ inputs: 'x' }, 'INVALID_INPUT', /^inputs: expected a number, got text$/],
  ])('400 for %j', async (body, code, error) => {
    const { status, json } = await api.post('/v1/models/tiny:predict', body);
    expect({ status, code: json.code }).toEqual({ status: 400, code });
    expect(json.error).toMatch(error);
  });
});

describe('every route', () => {
  const posts = ['/models/tiny', '/v1/models/tiny:predict', '/v2/models/tiny/infer'];

  test.each(posts)('%s: 400 for what is not JSON', async (path) => {
    for (const body of ['', '{', '[1, NaN, 3]', new Uint8Array([0x22, 0xff, 0x22])]) {
      expect(await api.post(path, body)).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
    }
  });
  test.each(posts)('%s: 413 over 4.5 MB', async (path) => {
    expect(await api.post(path, ' '.repeat(4_500_001))).toMatchObject({
      status: 413,
      json: { code: 'PAYLOAD_TOO_LARGE' },
    });
  });
  test('the 413 has a job ready, of the content type alone', async () => {
    const { json } = await api.post('/models/tiny', ' '.repeat(4_500_001), 'Application/JSON; charset=utf-8');
    expect(json.error).toContain('POST /models/tiny/jobs with {"bytes":4500001,"contentType":"application/json"}');
  });
  test.each(posts)('%s: 405 names what is allowed', async (path) => {
    const { status, headers, json } = await api.send({ method: 'PUT', target: path });
    expect({ status, code: json.code }).toEqual({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(headers.allow).toContain('POST');
  });
  test.each([
    ['/models/other', 'MODEL_NOT_FOUND'],
    ['/v2/models/tiny/versions/3', 'VERSION_NOT_FOUND'],
    ['/v2/models/tiny/versions/latest', 'VERSION_NOT_FOUND'],
    ['/v2/models/tiny/versions/..%2f..%2f1', 'VERSION_NOT_FOUND'],
    ['/models/tiny?version=99999999999', 'VERSION_NOT_FOUND'],
    ['/models/tiny?alias=staging', 'VERSION_NOT_FOUND'],
    ['/models/tiny?alias=../../etc', 'VERSION_NOT_FOUND'],
    ['/models/tiny/x', 'NOT_FOUND'],
    ['/v2/models/tiny/%E0%A4%A', 'NOT_FOUND'],
  ])('404 for GET %s: %s', async (path, code) => {
    expect(await api.get(path)).toMatchObject({ status: 404, json: { code, requestId: expect.any(String) } });
  });
  test('?version= and ?alias= choose; both at once are refused', async () => {
    expect((await api.get('/models/tiny?version=2')).json.version).toBe('2');
    expect((await api.get('/models/tiny?alias=production')).json.version).toBe('1');
    expect(await api.get('/models/tiny?version=2&alias=production')).toMatchObject({ status: 400 });
  });
  test('HEAD answers as GET does, without a body', async () => {
    const { status, headers, json } = await api.send({ method: 'HEAD', target: '/models/tiny' });
    expect({ status, json, model: headers['x-modelet-model'] }).toEqual({
      status: 200,
      json: undefined,
      model: 'tiny',
    });
  });
  test('504 when the host leaves no time', async () => {
    const { get } = client(serveModel('tiny', { tasks: [tensor] }), 500);
    expect(await get('/models/tiny')).toMatchObject({ status: 504, json: { code: 'DEADLINE_EXCEEDED' } });
  });
});
